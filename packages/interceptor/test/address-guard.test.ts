import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AddressRefusedError, guardedLookup, isRefusedAddress } from "../src/index.ts";
import { connectTo, startProxy } from "./harness.ts";

test.each([
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "0.1.2.3",
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.0.1",
  "224.0.0.1",
  "239.255.255.255",
  "255.255.255.255",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
])("the IPv4 address %s is refused, and so is every IPv6 form of it", (address) => {
  expect(isRefusedAddress(address, 4)).toBe(true);
  const [a, b, c, d] = address.split(".").map(Number) as [number, number, number, number];
  const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  for (const form of [
    `::ffff:${address}`,
    `::ffff:${hex}`,
    `0:0:0:0:0:ffff:${hex}`,
    `::${address}`,
    `::ffff:0:${address}`,
    `64:ff9b::${address}`,
    `64:ff9b::${hex}`,
    `64:ff9b:1::${hex}`,
    `2002:${hex}::`,
    `2002:${hex}::1`,
  ]) {
    expect([form, isRefusedAddress(form, 6)]).toEqual([form, true]);
  }
});

test.each([
  "::",
  "::1",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
  "ff02::1",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "FD00:EC2::254",
  "fd20:ce::254",
])("the IPv6 address %s is refused", (address) => expect(isRefusedAddress(address, 6)).toBe(true));

test.each(["10.0.0.1", "172.16.0.1", "192.168.1.1", "52.95.110.1", "1.1.1.1", "100.64.0.1"])(
  "the IPv4 address %s is not, for private ones may be VPC endpoints",
  (address) => {
    expect(isRefusedAddress(address, 4)).toBe(false);
    expect(isRefusedAddress(`::ffff:${address}`, 6)).toBe(false);
    expect(isRefusedAddress(`64:ff9b::${address}`, 6)).toBe(false);
  },
);

test.each(["2600:1f18::1", "fd00:ec2::253", "fd12:3456::1", "2001:db8::1"])("the IPv6 address %s is not", (address) =>
  expect(isRefusedAddress(address, 6)).toBe(false),
);

test.each([true, false])("a name that resolves to this machine is refused (all: %s)", async (all) => {
  const error = await new Promise((resolve) => guardedLookup("localhost", { all }, resolve));
  expect(error).toBeInstanceOf(AddressRefusedError);
  expect(error).toMatchObject({ code: "ERR_ADDRESS_REFUSED", message: expect.stringContaining("loopback") });
});

test.each([
  ["10.1.2.3", 4],
  ["2001:db8::1", 6],
] as const)("what resolves to %s is connected to as it was judged", async (address, family) => {
  const looked = (all: boolean) =>
    new Promise((resolve) => guardedLookup(address, { all }, (...answer) => resolve(answer)));
  expect(await looked(true)).toEqual([null, [{ address, family }]]);
  expect(await looked(false)).toEqual([null, address, family]);
});

test.each([
  ["", 4],
  ["999.1.1.1", 4],
  ["10.1.2.3", 6],
  ["2001:db8::1", 4],
  ["1:2", 6],
] as const)("what is no address of its family is refused: %j, %i", (address, family) =>
  expect(isRefusedAddress(address, family)).toBe(true),
);

test("a name that does not resolve is an error of the resolver's", async () => {
  const error = await new Promise((resolve) => guardedLookup("no-such-host.invalid", { all: true }, resolve));
  expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
});

/** A name other than localhost that this machine's hosts file gives a loopback address. */
const alias = (existsSync("/etc/hosts") ? readFileSync("/etc/hosts", "utf8") : "")
  .split("\n")
  .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
  .filter(([address = ""]) => address.startsWith("127.") || address === "::1")
  .flatMap(([, ...names]) => names)
  .find((name) => !/^localhost$|\.localhost$/.test(name));

test.skipIf(alias === undefined)("a tunnel to a name that resolves to this machine is refused", async () => {
  const { port } = await startProxy({ connectAddress: () => undefined });
  await expect(connectTo(port, `${alias}:443`)).rejects.toThrow("HTTP/1.1 502 Bad Gateway");
});
