import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAuthority, parseAuthority } from "../src/index.ts";

test.each([
  ["example.com:443", { host: "example.com", port: 443, ipVersion: 0 }],
  ["Example.COM:80", { host: "example.com", port: 80, ipVersion: 0 }],
  ["my_bucket.s3.amazonaws.com:443", { host: "my_bucket.s3.amazonaws.com", port: 443, ipVersion: 0 }],
  ["example.com.:443", { host: "example.com.", port: 443, ipVersion: 0 }],
  ["1.example:443", { host: "1.example", port: 443, ipVersion: 0 }],
  ["127.0.0.1:443", { host: "127.0.0.1", port: 443, ipVersion: 4 }],
  ["2130706433:443", { host: "2130706433", port: 443, ipVersion: 4 }],
  ["0x7f.1:443", { host: "0x7f.1", port: 443, ipVersion: 4 }],
  ["0x:443", { host: "0x", port: 443, ipVersion: 4 }],
  ["127.1.:443", { host: "127.1.", port: 443, ipVersion: 4 }],
  ["example.1:443", { host: "example.1", port: 443, ipVersion: 4 }],
  ["[::1]:443", { host: "::1", port: 443, ipVersion: 6 }],
  ["[FE80::A]:1", { host: "fe80::a", port: 1, ipVersion: 6 }],
  ["a:65535", { host: "a", port: 65535, ipVersion: 0 }],
])("%s is an authority", (text, authority) => expect(parseAuthority(text)).toEqual(authority));

test.each([
  "",
  ":443",
  "example.com",
  "example.com:",
  "example.com:0",
  "example.com:65536",
  "example.com:443:1",
  "example.com:+443",
  "example.com: 443",
  " example.com:443",
  "a@example.com:443",
  "example..com:443",
  ".example.com:443",
  ".:443",
  "exa mple.com:443",
  "example.com/:443",
  "ex%61mple.com:443",
  "b\u00fccher.example:443",
  "[::1]",
  "[127.0.0.1]:443",
  "[fe80::1%eth0]:443",
  "::1:443",
  "[::1:443",
  `${"a.".repeat(127)}a:443`,
])("%j is not", (text) => expect(parseAuthority(text)).toBeUndefined());

test("the port may be left out where there is a default", () => {
  expect(parseAuthority("example.com", 443)).toMatchObject({ port: 443 });
  expect(parseAuthority("[::1]", 443)).toMatchObject({ port: 443 });
});

test("an authority is written as it is read, with the default port left out", () => {
  expect(formatAuthority({ host: "a", port: 443, ipVersion: 0 })).toBe("a");
  expect(formatAuthority({ host: "a", port: 8443, ipVersion: 0 })).toBe("a:8443");
  expect(formatAuthority({ host: "::1", port: 443, ipVersion: 6 })).toBe("[::1]");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      fc.integer({ min: 1, max: 65535 }),
      (host, port) => {
        const authority = parseAuthority(`${host}:${port}`);
        expect(authority).toBeDefined();
        if (authority !== undefined) expect(parseAuthority(formatAuthority(authority), 443)).toEqual(authority);
      },
    ),
  );
});

test("whatever is read, a host is lower-case and of the characters of a host", () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."aA1.:[]-@%x") })), (text) => {
      const authority = parseAuthority(text, 443);
      if (authority === undefined) return;
      expect(authority.host).toMatch(authority.ipVersion === 6 ? /^[0-9a-f:.]+$/ : /^[a-z0-9._-]+$/);
      expect(authority.port).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  ));
