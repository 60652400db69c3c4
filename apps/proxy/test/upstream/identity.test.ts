import { Credentials, headerValue, type SignedHead } from "@iap/aws-core";
import { beforeEach, describe, expect, test } from "vitest";
import { UpstreamIdentity, type UpstreamIdentityOptions } from "../../src/upstream/identity.ts";

const arn = "arn:aws:sts::123456789012:assumed-role/dev/me";
const real = new Credentials({ accessKeyId: "AKIAREAL", secretAccessKey: "s", sessionToken: "t" });
const other = new Credentials({ accessKeyId: "AKIAOTHER", secretAccessKey: "s" });

let now: number;
let asked: SignedHead[];
let told: string[];
let answer: () => Promise<{ status: number; body: string }>;

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  asked = [];
  told = [];
  answer = async () => ({ status: 200, body: callerIdentity(arn, "123456789012") });
});

function callerIdentity(principal: string, account: string): string {
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${principal}</Arn><UserId>AROA:me</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
}

function identity(more: Partial<UpstreamIdentityOptions> = {}): UpstreamIdentity {
  return new UpstreamIdentity({
    account: undefined,
    principalArn: undefined,
    region: "eu-west-1",
    fetch: async (head) => {
      asked.push(head);
      const { status, body } = await answer();
      return { head: { status, statusText: "", headers: [] }, body: Buffer.from(body) };
    },
    now: () => new Date(now),
    onUnknown: (error) => told.push(error.message),
    ...more,
  });
}

const unknown = { account: undefined, principalArn: undefined };
const known = { account: "123456789012", principalArn: arn, userId: "AROA:me" };

test("STS is asked once for a key, and what it says is remembered", async () => {
  const who = identity();
  expect(who.current(real)).toEqual(unknown);
  await who.learn(real);
  expect(who.current(real)).toEqual(known);
  await who.learn(real);
  expect(asked).toHaveLength(1);
});

test("the question is a GetCallerIdentity, signed with the real key for the region's STS", async () => {
  await identity().learn(real);
  const [head] = asked;
  expect(head).toMatchObject({
    method: "GET",
    host: "sts.eu-west-1.amazonaws.com",
    target: "/?Action=GetCallerIdentity&Version=2011-06-15",
  });
  expect(headerValue(head?.headers ?? [], "authorization")).toMatch(
    /Credential=AKIAREAL\/20260101\/eu-west-1\/sts\/aws4_request/,
  );
  expect(headerValue(head?.headers ?? [], "x-amz-security-token")).toBe("t");
});

test("asking for what is current asks in the background, once at a time", async () => {
  const who = identity();
  for (let i = 0; i < 10; i++) who.current(real);
  await who.learn(real);
  expect(asked).toHaveLength(1);
});

test("another key is another identity, asked for by itself", async () => {
  const who = identity();
  await who.learn(real);
  answer = async () => ({
    status: 200,
    body: callerIdentity("arn:aws:iam::999999999999:user/other", "999999999999"),
  });
  expect(who.current(other)).toEqual(unknown);
  await who.learn(other);
  expect(who.current(other)).toMatchObject({
    account: "999999999999",
    principalArn: "arn:aws:iam::999999999999:user/other",
  });
  expect(asked).toHaveLength(2);
});

test("without credentials nobody is asked", () => {
  expect(identity().current(undefined)).toEqual(unknown);
  expect(asked).toEqual([]);
});

describe("what the operator said", () => {
  test("wins over STS, and makes the question needless", async () => {
    const who = identity({ account: "111111111111", principalArn: "arn:aws:iam::111111111111:user/said" });
    expect(who.current(real)).toEqual({ account: "111111111111", principalArn: "arn:aws:iam::111111111111:user/said" });
    await who.learn(real);
    expect(asked).toEqual([]);
  });

  test("of the principal says the account too, and makes the question needless", async () => {
    const who = identity({ principalArn: "arn:aws:iam::111111111111:user/said" });
    await who.learn(real);
    expect(who.current(real)).toEqual({ account: "111111111111", principalArn: "arn:aws:iam::111111111111:user/said" });
    expect(asked).toEqual([]);
  });

  test("of the account alone leaves the principal to STS", async () => {
    const who = identity({ account: "111111111111" });
    expect(who.current(real)).toEqual({ account: "111111111111", principalArn: undefined });
    await who.learn(real);
    expect(who.current(real)).toEqual({ account: "111111111111", principalArn: arn, userId: "AROA:me" });
  });
});

test("the account that credentials carry is known before STS answers", () => {
  const credentials = new Credentials({ accessKeyId: "A", secretAccessKey: "s", accountId: "222222222222" });
  expect(identity().current(credentials).account).toBe("222222222222");
});

describe("when STS does not say", () => {
  test.each<[string, () => Promise<{ status: number; body: string }>, RegExp]>([
    [
      "answers 503",
      async () => ({ status: 503, body: "<Error><Code>SlowDown</Code></Error>" }),
      /answered 503 SlowDown/,
    ],
    [
      "refuses the key",
      async () => ({ status: 403, body: "<Error><Code>InvalidClientTokenId</Code></Error>" }),
      /answered 403 InvalidClientTokenId to GetCallerIdentity/,
    ],
    ["answers garbage", async () => ({ status: 200, body: "<html>" }), /answered 200 to GetCallerIdentity/],
    [
      "answers an account that is none",
      async () => ({ status: 200, body: callerIdentity(arn, "abc") }),
      /answered 200/,
    ],
    ["cannot be reached", () => Promise.reject(new Error("the connection was refused")), /connection was refused/],
  ])("because it %s, the identity stays unknown, and that is told once", async (_how, how, message) => {
    answer = how;
    const who = identity();
    await who.learn(real);
    expect(who.current(real)).toEqual(unknown);
    await who.learn(real);
    expect(asked).toHaveLength(1);
    expect(told).toEqual([expect.stringMatching(message)]);
  });

  test("it is asked again after half a minute, until it says", async () => {
    answer = async () => ({ status: 500, body: "" });
    const who = identity();
    await who.learn(real);
    now += 29_999;
    await who.learn(real);
    expect(asked).toHaveLength(1);
    now += 1;
    await who.learn(real);
    expect(asked).toHaveLength(2);
    expect(told).toHaveLength(1);
    answer = async () => ({ status: 200, body: callerIdentity(arn, "123456789012") });
    now += 30_000;
    expect(who.current(real)).toEqual(unknown);
    await who.learn(real);
    expect(who.current(real)).toEqual(known);
  });
});

test.each([
  [undefined, "sts.us-east-1.amazonaws.com"],
  ["ap-southeast-2", "sts.ap-southeast-2.amazonaws.com"],
  ["us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"],
  ["cn-north-1", "sts.cn-north-1.amazonaws.com.cn"],
  ["eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"],
  ["us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"],
  ["us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"],
])("for region %s, %s is asked", async (region, host) => {
  await identity({ region }).learn(real);
  expect(asked.map((head) => head.host)).toEqual([host]);
  expect(headerValue(asked[0]?.headers ?? [], "authorization")).toContain(`/${region ?? "us-east-1"}/sts/aws4_request`);
});

test("a region that AWS does not have sends nothing anywhere", async () => {
  await identity({ region: "evil.test#" }).learn(real);
  expect(asked).toEqual([]);
  expect(told).toEqual(["no STS endpoint is known for region evil.test#"]);
});
