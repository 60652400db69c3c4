import fc from "fast-check";
import { expect, test } from "vitest";
import { parseUpstreamMap } from "../../src/upstream/upstream-map.ts";
import { UsageError } from "../../src/usage-error.ts";

test("without options there is no map", () => {
  expect(parseUpstreamMap([])).toBeUndefined();
});

test.each([
  ["*.amazonaws.com", "s3.eu-west-1.amazonaws.com", true],
  ["*.amazonaws.com", "amazonaws.com", false],
  ["*.amazonaws.com", "s3.amazonaws.com.evil.test", false],
  ["*.amazonaws.com", "evil-amazonaws.com", false],
  ["S3.Amazonaws.com", "s3.amazonaws.com", true],
  ["s3.amazonaws.com", "xs3.amazonaws.com", false],
  ["*", "anything.test", true],
  ["*.*.amazonaws.com", "s3.amazonaws.com", false],
  ["*.*.amazonaws.com", "b.s3.amazonaws.com", true],
  ["s3.*.amazonaws.com", "s3.eu-west-1.amazonaws.com", true],
  ["s3.*.amazonaws.com", "s3.amazonaws.com", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*a", "aba", true],
  ["a*ba*a", "aba", false],
])("%s matches %s: %s", (pattern, host, expected) => {
  const address = parseUpstreamMap([`${pattern}=127.0.0.1:8443`])?.(host, 443);
  expect(address).toEqual(expected ? { host: "127.0.0.1", port: 8443 } : undefined);
});

test("a pattern matches as the regular expression of the same meaning does", () =>
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), minLength: 1, maxLength: 6 }),
      fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 }),
      (pattern, host) => {
        const regExp = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        expect(parseUpstreamMap([`${pattern}=h:1`])?.(host, 443) !== undefined).toBe(regExp.test(host));
      },
    ),
  ));

test("the first pattern that matches wins", () => {
  const map = parseUpstreamMap(["s3.*=first:1", "*=second:2"]);
  expect(map?.("s3.amazonaws.com", 443)).toEqual({ host: "first", port: 1 });
  expect(map?.("sts.amazonaws.com", 443)).toEqual({ host: "second", port: 2 });
});

test("an IPv6 address stands in brackets", () => {
  expect(parseUpstreamMap(["*=[::1]:8443"])?.("h", 443)).toEqual({ host: "::1", port: 8443 });
});

test.each(["", "*", "*=", "*=host", "*=host:", "*=host:0", "*=host:65536", "*=::1:80", "=h:1", "a b=h:1", "*=h:1:2"])(
  "'%s' is refused with the form it takes",
  (option) => {
    expect(() => parseUpstreamMap([option])).toThrow(UsageError);
    expect(() => parseUpstreamMap([option])).toThrow(`--upstream-map takes PATTERN=HOST:PORT`);
    expect(() => parseUpstreamMap([option])).toThrow(`not '${option}'`);
  },
);
