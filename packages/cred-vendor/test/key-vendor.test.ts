import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type IssueOptions, KeyVendor } from "../src/index.ts";

const installKey = createSecretKey(Buffer.alloc(32, 1));
const now = new Date("2026-01-02T03:04:05.678Z");
const issue: IssueOptions = { agent: "claude", session: "s-1", ttlSeconds: 3600, now };
const issues = fc.record({
  agent: fc.string({ minLength: 1, maxLength: 256 }),
  session: fc.string({ minLength: 1, maxLength: 256 }),
  ttlSeconds: fc.integer({ min: 1, max: 129_600 }),
  upstream: fc.string({ minLength: 1, maxLength: 300 }),
  parent: fc.option(fc.constant("ASIAQQQQQQQQQQQQQQQQ"), { nil: undefined }),
  now: fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
});

test("a key looks like one that STS gives", () => {
  const { credentials, notAfter } = new KeyVendor({ installKey }).issue(issue);
  expect(credentials.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(credentials.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(credentials.sessionToken).toMatch(/^[A-Za-z0-9_-]{340}$/);
  expect(notAfter).toEqual(new Date("2026-01-02T04:04:06Z"));
  expect(credentials.expiration).toEqual(notAfter);
});

test("whatever is issued is found by any vendor of the same installation, and is the same", () =>
  fc.assert(
    fc.property(issues, (options) => {
      const issued = new KeyVendor({ installKey }).issue(options);
      const { accessKeyId, sessionToken, secretAccessKey } = issued.credentials;
      const found = new KeyVendor({ installKey }).lookup(accessKeyId, sessionToken);
      expect(found).toEqual(issued);
      expect(found?.credentials.secretAccessKey).toBe(secretAccessKey);
      expect(found).toMatchObject({ agent: options.agent, session: options.session, upstream: options.upstream });
      expect(found?.parent).toBe(options.parent);
      expect(sessionToken).toMatch(/^[A-Za-z0-9_-]{340,}$/);
    }),
  ));

test("a token altered in any character does not open", () => {
  const vendor = new KeyVendor({ installKey });
  const { accessKeyId, sessionToken = "" } = vendor.issue(issue).credentials;
  const fresh = new KeyVendor({ installKey });
  fc.assert(
    fc.property(fc.nat(sessionToken.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
      fc.pre(sessionToken[at] !== character);
      const altered = sessionToken.slice(0, at) + character + sessionToken.slice(at + 1);
      expect(fresh.lookup(accessKeyId, altered)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test("a token cut, lengthened, padded or spelled otherwise does not open", () => {
  const { accessKeyId, sessionToken: token = "" } = new KeyVendor({ installKey }).issue(issue).credentials;
  const vendor = new KeyVendor({ installKey });
  for (let length = 0; length < token.length; length++) {
    expect(vendor.lookup(accessKeyId, token.slice(0, length))).toBeUndefined();
  }
  for (const other of [`${token}=`, `${token}==`, `${token}A`, ` ${token}`, `${token}\n`, token + token]) {
    expect(vendor.lookup(accessKeyId, other)).toBeUndefined();
  }
  const standard = token.replaceAll("-", "+").replaceAll("_", "/");
  if (standard !== token) expect(vendor.lookup(accessKeyId, standard)).toBeUndefined();
  expect(vendor.lookup(accessKeyId, token)).toBeDefined();
});

test("any text at all is looked up without failing, and is not a key", () => {
  const vendor = new KeyVendor({ installKey });
  const { accessKeyId } = vendor.issue(issue).credentials;
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.base64String({ maxLength: 600 }),
    fc.uint8Array({ minLength: 29, maxLength: 400 }).map((bytes) => {
      const sealed = Buffer.from(bytes);
      sealed.writeUInt8(1, 0);
      return sealed.toString("base64url");
    }),
    fc.constantFrom("A".repeat(100_000), "__proto__", "constructor"),
  );
  fc.assert(
    fc.property(fc.oneof(fc.constant(accessKeyId), text), text, (id, token) => {
      expect(vendor.lookup(id, token)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("a token opens for its own access key id only", () => {
  const vendor = new KeyVendor({ installKey });
  const [a, b] = [vendor.issue(issue).credentials, vendor.issue(issue).credentials];
  expect(vendor.lookup(a.accessKeyId, b.sessionToken)).toBeUndefined();
  expect(vendor.lookup(b.accessKeyId, a.sessionToken)).toBeUndefined();
  expect(vendor.lookup(a.accessKeyId, undefined)).toBeUndefined();
});

test("a token of another installation does not open", () => {
  const other = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
  const { accessKeyId, sessionToken } = new KeyVendor({ installKey }).issue(issue).credentials;
  expect(other.lookup(accessKeyId, sessionToken)).toBeUndefined();
});

test("an expired key is still found: its end is judged by who asks", () => {
  const vendor = new KeyVendor({ installKey });
  const key = vendor.issue({ ...issue, now: new Date(0), ttlSeconds: 1 });
  expect(vendor.lookup(key.credentials.accessKeyId, key.credentials.sessionToken)).toBe(key);
});

test("a key id names its installation, and nothing else of it", () => {
  const vendor = new KeyVendor({ installKey });
  const ids = Array.from({ length: 50 }, () => vendor.issue(issue).credentials.accessKeyId);
  for (const id of ids) expect(id.slice(4, 8)).toBe(vendor.installId);
  expect(new Set(ids).size).toBe(50);
  expect(new KeyVendor({ installKey }).installId).toBe(vendor.installId);
  expect(new KeyVendor({ installKey: createSecretKey(Buffer.alloc(32, 2)) }).installId).not.toBe(vendor.installId);
});

describe("memory is bounded", () => {
  test("keys beyond the bound are opened again, and are equal", () => {
    const vendor = new KeyVendor({ installKey, maxRemembered: 3 });
    const keys = Array.from({ length: 10 }, () => vendor.issue(issue));
    for (const key of keys) {
      expect(vendor.lookup(key.credentials.accessKeyId, key.credentials.sessionToken)).toEqual(key);
    }
    const last = keys.at(-1);
    expect(vendor.lookup(last?.credentials.accessKeyId ?? "", last?.credentials.sessionToken)).not.toBe(keys[9]);
  });

  test("tokens that do not open push no key out", () => {
    const vendor = new KeyVendor({ installKey, maxRemembered: 1 });
    const key = vendor.issue(issue);
    const { accessKeyId, sessionToken } = key.credentials;
    for (let i = 0; i < 100; i++) vendor.lookup(accessKeyId, `AX${i}`.padEnd(340, "A"));
    expect(vendor.lookup(accessKeyId, sessionToken)).toBe(key);
  });
});

test("a key shows neither its secret nor its token however it is printed", () => {
  const key = new KeyVendor({ installKey }).issue(issue);
  const { secretAccessKey, sessionToken = "" } = key.credentials;
  for (const text of [JSON.stringify(key), inspect(key, { depth: 9, showHidden: true }), `${key.credentials}`]) {
    expect(text).not.toContain(secretAccessKey);
    expect(text).not.toContain(sessionToken);
  }
});

test("the token's length says nothing of a short name", () => {
  const vendor = new KeyVendor({ installKey });
  const length = (agent: string): number => vendor.issue({ ...issue, agent }).credentials.sessionToken?.length ?? 0;
  expect(length("a")).toBe(length("a-longer-name"));
});

test.each([
  { agent: "" },
  { session: "" },
  { agent: "x".repeat(257) },
  { upstream: "" },
  { upstream: "x".repeat(2049) },
  { ttlSeconds: 0 },
  { ttlSeconds: 1.5 },
  { ttlSeconds: 129_601 },
  { ttlSeconds: Number.NaN },
])("%j is refused", (wrong) => {
  expect(() => new KeyVendor({ installKey }).issue({ ...issue, ...wrong })).toThrow(RangeError);
});

test("an install key of another length is refused", () => {
  expect(() => new KeyVendor({ installKey: createSecretKey(Buffer.alloc(16)) })).toThrow(/32 bytes/);
});
