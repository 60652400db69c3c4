import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Addresses no request is ever sent to: this host, its links (where instance metadata lives), nothing and everyone. */
const refused = new BlockList();
refused.addSubnet("0.0.0.0", 8, "ipv4");
refused.addSubnet("127.0.0.0", 8, "ipv4");
refused.addSubnet("169.254.0.0", 16, "ipv4");
refused.addSubnet("224.0.0.0", 4, "ipv4");
refused.addAddress("255.255.255.255", "ipv4");
refused.addAddress("::", "ipv6");
refused.addAddress("::1", "ipv6");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addSubnet("ff00::", 8, "ipv6");
// EC2 and EKS metadata over IPv6, which lie in private space.
refused.addAddress("fd00:ec2::254", "ipv6");
refused.addAddress("fd00:ec2::23", "ipv6");
// Of other clouds, where it is not link-local: Azure, Alibaba, Oracle, Google.
refused.addAddress("168.63.129.16", "ipv4");
refused.addAddress("100.100.100.200", "ipv4");
refused.addAddress("192.0.0.192", "ipv4");
refused.addAddress("fd20:ce::254", "ipv6");

/** Thrown when a name resolves to an address that is refused. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
  readonly code = "ERR_ADDRESS_REFUSED";

  constructor(host: string, address: string) {
    super(`${host} resolves to ${address}, a loopback, link-local or metadata address; requests are never sent there`);
  }
}

/**
 * Whether nothing may be sent to an address. IPv4 in IPv6 clothes (mapped, NAT64, 6to4) is judged as the IPv4 it is; what
 * is no address of its family is refused.
 */
export function isRefusedAddress(address: string, family: 4 | 6): boolean {
  const plain = address.split("%")[0] as string;
  if (isIP(plain) !== family) return true;
  if (family === 4) return refused.check(plain, "ipv4");
  if (refused.check(plain, "ipv6")) return true;
  const inner = embeddedIpv4(plain);
  return inner !== undefined && refused.check(inner, "ipv4");
}

/**
 * A `lookup` for `net.connect` that resolves by the system and refuses the answer when any address in it is refused.
 * The connection goes to the very addresses that were checked: there is no second look-up.
 */
export const guardedLookup: LookupFunction = (host, options, callback) => {
  const all: LookupOptions = { ...options, all: true };
  dnsLookup(host, all as LookupOptions & { all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const bad = addresses.find(({ address, family }) => isRefusedAddress(address, family === 6 ? 6 : 4));
    if (bad !== undefined) return callback(new AddressRefusedError(host, bad.address), "", 0);
    if (options.all) return callback(null, addresses as LookupAddress[]);
    // `as`: a name resolves to something, or it is an error.
    const { address, family } = addresses[0] as LookupAddress;
    callback(null, address, family);
  });
};

/** The IPv4 address inside an IPv4-mapped, IPv4-compatible, NAT64 (RFC 6052) or 6to4 (RFC 3056) address. */
function embeddedIpv4(address: string): string | undefined {
  const [a, b, c, d, e, f, g, h] = ipv6Groups(address);
  const dotted = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  if (a === 0 && b === 0 && c === 0 && d === 0 && (e === 0 || e === 0xffff) && (f === 0xffff || f === 0))
    return dotted(g, h);
  if (a === 0x64 && b === 0xff9b) return dotted(g, h);
  if (a === 0x2002) return dotted(b, c);
  return undefined;
}

type Groups = [number, number, number, number, number, number, number, number];

function ipv6Groups(address: string): Groups {
  // As the host of a URL an address has no dots.
  const [left = [], right = []] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::").map(groupsOf);
  const zeros = Array<number>(8 - left.length - right.length).fill(0);
  return [...left, ...zeros, ...right] as Groups;
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
