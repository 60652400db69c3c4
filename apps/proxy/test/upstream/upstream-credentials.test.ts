import { AwsError } from "@iap/aws-core";
import { beforeEach, expect, test } from "vitest";
import { type CredentialProvider, UpstreamCredentials } from "../../src/upstream/upstream-credentials.ts";

type Found = Awaited<ReturnType<CredentialProvider>>;

const minute = 60_000;
let now: number;
let calls: number;
let told: string[];
/** What the provider gives next. */
let next: () => Promise<Found>;
let upstream: UpstreamCredentials;

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  calls = 0;
  told = [];
  next = async () => pair(`AKIA${calls}`, 60);
  upstream = make();
});

function make(timeoutMs?: number): UpstreamCredentials {
  return new UpstreamCredentials({
    provider: () => {
      calls++;
      return next();
    },
    now: () => new Date(now),
    timeoutMs,
    onUnavailable: (error) => told.push(error.message),
  });
}

function pair(accessKeyId: string, minutes?: number): Found {
  const expiring = minutes === undefined ? {} : { expiration: new Date(now + minutes * minute) };
  return { accessKeyId, secretAccessKey: "secret", sessionToken: "token", ...expiring };
}

async function keyId(): Promise<string> {
  return (await upstream.credentials("default")).accessKeyId;
}

function fail(): Promise<never> {
  return Promise.reject(new Error("the SSO session has expired"));
}

test("what the provider gives is handed on whole, and shows no secret", async () => {
  next = async () => ({ ...pair("AKIA", 60), accountId: "123456789012" });
  const credentials = await upstream.credentials("default");
  expect(credentials).toMatchObject({
    accessKeyId: "AKIA",
    secretAccessKey: "secret",
    sessionToken: "token",
    expiration: new Date(now + 60 * minute),
    accountId: "123456789012",
  });
  expect(JSON.stringify(credentials)).toBe('{"accessKeyId":"AKIA"}');
});

test("many requests at once ask the provider once", async () => {
  const found = await Promise.all(Array.from({ length: 100 }, keyId));
  expect(new Set(found)).toEqual(new Set(["AKIA1"]));
  expect(calls).toBe(1);
});

test("credentials without expiry are asked for once", async () => {
  next = async () => pair("AKIA");
  await keyId();
  now += 365 * 24 * 60 * minute;
  expect(await keyId()).toBe("AKIA");
  expect(calls).toBe(1);
});

test("they are fetched anew before they expire, and the old ones serve meanwhile", async () => {
  expect(await keyId()).toBe("AKIA1");
  now += 54 * minute;
  expect(await keyId()).toBe("AKIA1");
  expect(calls).toBe(1);

  now += minute;
  let arrive: (found: Found) => void = () => {};
  next = () => new Promise((resolve) => (arrive = resolve));
  expect(await Promise.all([keyId(), keyId(), keyId()])).toEqual(["AKIA1", "AKIA1", "AKIA1"]);
  expect(calls).toBe(2);
  arrive(pair("AKIANEW", 60));
  await settled();
  expect(await keyId()).toBe("AKIANEW");
  expect(calls).toBe(2);
});

test("old ones serve to their end when new ones cannot be had, and not beyond", async () => {
  await keyId();
  next = fail;
  now += 56 * minute;
  expect(await keyId()).toBe("AKIA1");
  await settled();
  expect(told).toEqual(["the SSO session has expired"]);
  expect(await keyId()).toBe("AKIA1");
  now += 4 * minute;
  await expect(keyId()).rejects.toMatchObject({ code: "ServiceUnavailable" });
  expect(told).toHaveLength(1);
});

test("a provider that has none that live longer is not asked for each request", async () => {
  next = async () => pair("AKIA", 3);
  for (let i = 0; i < 50; i++) await keyId();
  expect(calls).toBe(1);
  now += 2_000;
  await keyId();
  expect(calls).toBe(2);
});

test("what the provider gives expired is never handed on", async () => {
  next = async () => pair("AKIAOLD", 0);
  await expect(keyId()).rejects.toMatchObject({ code: "ServiceUnavailable" });
  expect(told).toEqual([expect.stringMatching(/gave credentials that expired at 2026-01-01T00:00:00/)]);
});

test("a failure is told once, answered at once for a while, and then tried again", async () => {
  next = fail;
  await expect(keyId()).rejects.toThrow(AwsError);
  await expect(Promise.all([keyId(), keyId()])).rejects.toMatchObject({ code: "ServiceUnavailable" });
  expect(calls).toBe(1);
  now += 1_999;
  await expect(keyId()).rejects.toThrow(/no AWS credentials to sign with/);
  expect(calls).toBe(1);
  now += 1;
  await expect(keyId()).rejects.toThrow(AwsError);
  expect(calls).toBe(2);
  expect(told).toHaveLength(1);

  next = async () => pair("AKIABACK", 60);
  now += 2_000;
  expect(await keyId()).toBe("AKIABACK");
  now += 61 * minute;
  next = fail;
  await expect(keyId()).rejects.toThrow(AwsError);
  expect(told).toHaveLength(2);
});

test("a clock that is set back does not make the wait after a failure longer", async () => {
  next = fail;
  await expect(keyId()).rejects.toThrow(AwsError);
  next = async () => pair("AKIABACK", 60);
  now -= 60 * minute;
  expect(await keyId()).toBe("AKIABACK");
});

test("a provider that hangs again and again is left alone for twice as long each time, up to five minutes", async () => {
  upstream = make(1);
  next = () => new Promise(() => {});
  for (const waitMs of [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000)) {
    const before = calls;
    await expect(keyId()).rejects.toThrow(AwsError);
    now += waitMs - 1;
    await expect(keyId()).rejects.toThrow(AwsError);
    expect(calls).toBe(before + 1);
    now += 1;
  }
  next = fail;
  await expect(keyId()).rejects.toThrow(AwsError);
  now += 2_000;
  next = async () => pair("AKIABACK", 60);
  expect(await keyId()).toBe("AKIABACK");
  expect(told).toHaveLength(1);
});

test("the cause stays with the error for the log, and is not in what the agent is told", async () => {
  next = fail;
  const error = await upstream.credentials("default").catch((thrown: AwsError) => thrown);
  expect(error).toMatchObject({ cause: expect.objectContaining({ message: "the SSO session has expired" }) });
  expect((error as AwsError).message).not.toContain("SSO");
});

test("a provider that hangs is given up on", async () => {
  upstream = make(30);
  next = () => new Promise(() => {});
  await expect(keyId()).rejects.toMatchObject({ code: "ServiceUnavailable" });
  expect(told).toEqual(["the credential provider gave no answer in 0.03 s"]);
});

test.each([
  { accessKeyId: "", secretAccessKey: "s" },
  { accessKeyId: "a", secretAccessKey: "" },
])("half a key pair is none", async (half) => {
  next = async () => half;
  await expect(keyId()).rejects.toMatchObject({ code: "ServiceUnavailable" });
  expect(told).toEqual(["the credential provider gave an empty key pair"]);
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
