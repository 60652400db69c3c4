/** An address as 32-bit words, the first the most significant: one of IPv4, four of IPv6. */
export type IpAddress = readonly number[];

/** All addresses that share the first bits. */
export interface IpRange {
  readonly address: IpAddress;
  readonly masks: readonly number[];
}

/**
 * Reads an address or a CIDR range; an address alone is a range of one (IAM User Guide, "IP address condition
 * operators"). Undefined for anything else. Bits behind the prefix are ignored.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.length * 32;
  const prefix = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits) return undefined;
  return { address, masks: address.map((_, i) => maskOf(Math.min(32, Math.max(0, Number(prefix) - 32 * i)))) };
}

/** Whether the address is in the range. IPv4 and IPv6 never are in each other's. */
export function isInRange(address: IpAddress, range: IpRange): boolean {
  const { masks } = range;
  if (address.length !== masks.length) return false;
  for (let i = 0; i < masks.length; i++) {
    const differing = (address[i] as number) ^ (range.address[i] as number);
    if ((differing & (masks[i] as number)) !== 0) return false;
  }
  return true;
}

/** Reads an address of IPv4 (four decimals without leading zeros) or IPv6 (RFC 4291, without a zone). */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined;
  if (!text.includes(":")) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : [word];
  }
  return parseIpv6(text);
}

const LONGEST_ADDRESS = 45;

/** The highest `bits` of 32. A shift by 32 would be none. */
function maskOf(bits: number): number {
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    word = word * 256 + Number(part);
  }
  return word;
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] as string, halves.length === 1);
  const tail = halves.length === 1 ? [] : groupsOf(halves[1] as string, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => (((groups[i] as number) << 16) | (groups[i + 1] as number)) >>> 0);
}

/** The 16-bit groups of a text; the last may be an IPv4 address where the text ends the whole. */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (isEnd && i === parts.length - 1 && part.includes(".")) {
      const word = parseIpv4(part);
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}
