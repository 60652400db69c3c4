import { AwsError, Credentials, type SignedHead } from "@iap/aws-core";
import { beforeEach, describe, expect, test } from "vitest";
import { AssumedIdentity } from "../../src/upstream/assumed-identity.ts";
import { AssumedRole, type AssumedRoleOptions } from "../../src/upstream/assumed-role.ts";

const roleArn = "arn:aws:iam::123456789012:role/ci/agent";
const run = "5f0c2f8e-1111-4222-8333-444455556666";
const source = new Credentials({ accessKeyId: "AKIASOURCE", secretAccessKey: "s" });

let now: number;
let asked: { readonly head: SignedHead; readonly parameters: Record<string, string> }[];
let told: string[];
/** What STS answers next. */
let answer: (n: number) => { readonly status: number; readonly text: string };

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  asked = [];
  told = [];
  answer = (n) => ({ status: 200, text: session(n) });
});

function session(n: number): string {
  const expiration = new Date(now + 3_600_000).toISOString();
  return (
    `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId>` +
    `<Arn>arn:aws:sts::123456789012:assumed-role/agent/s${n}</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA${n}</AccessKeyId>` +
    `<SecretAccessKey>secret</SecretAccessKey><SessionToken>to&amp;ken</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
  );
}

function refusal(code: string, message: string) {
  return () => ({
    status: 403,
    text: `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  });
}

function role(more: Partial<AssumedRoleOptions> = {}): AssumedRole {
  return new AssumedRole({
    ...{ roleArn, agent: "ci", run, region: "eu-west-1", sourceIdentity: true, sessionTags: true },
    source: { credentials: async () => source },
    fetch: async (head, { body }) => {
      asked.push({ head, parameters: Object.fromEntries(new URLSearchParams(Buffer.from(body).toString())) });
      const { status, text } = answer(asked.length);
      return { head: { httpVersion: "1.1", status, headers: [] }, body: Buffer.from(text) } as never;
    },
    now: () => new Date(now),
    sessionPolicy: () => undefined,
    onUnavailable: ({ message }) => told.push(message),
    ...more,
  });
}

test("the session's name, SourceIdentity and tags say the agent and the run", async () => {
  const credentials = await role().credentials("default");
  expect(credentials).toMatchObject({ accessKeyId: "ASIA1", accountId: "123456789012" });
  expect(credentials.sessionToken).toBe("to&ken");
  expect(asked[0]?.parameters).toEqual({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: "ci-5f0c2f8e",
    SourceIdentity: "ci",
    "Tags.member.1.Key": "iam-agent-proxy:agent",
    "Tags.member.1.Value": "ci",
    "Tags.member.2.Key": "iam-agent-proxy:run",
    "Tags.member.2.Value": run,
  });
  expect(asked[0]?.head).toMatchObject({ host: "sts.eu-west-1.amazonaws.com", method: "POST" });
  expect(asked[0]?.head.headers.find(([name]) => name === "Authorization")?.[1]).toContain("Credential=AKIASOURCE/");
});

test("what trust policies do not allow can be left out", async () => {
  await role({ sourceIdentity: false, sessionTags: false }).credentials("default");
  expect(Object.keys(asked[0]?.parameters ?? {})).toEqual(["Action", "Version", "RoleArn", "RoleSessionName"]);
});

describe("names that AWS does not take", () => {
  test.each([
    ["two words", /^two-words-[0-9a-f]{8}$/],
    ["two.words", /^two\.words$/],
    ["x", /^x-[0-9a-f]{8}$/],
    ["a".repeat(64), /^a+(-[0-9a-f]{8})?$/],
    ["a".repeat(200), /^a+-[0-9a-f]{8}$/],
    ["агент\r\n", /^-{7}-[0-9a-f]{8}$/],
  ])("%j", async (agent, name) => {
    await role().credentials("default", agent);
    const { RoleSessionName = "", SourceIdentity = "" } = asked[0]?.parameters ?? {};
    expect(SourceIdentity).toMatch(name);
    expect(RoleSessionName).toMatch(/-5f0c2f8e$/);
    for (const text of [RoleSessionName, SourceIdentity]) expect(text).toMatch(/^[\w+=,.@-]{2,64}$/);
    expect(asked[0]?.parameters["Tags.member.1.Value"]).toMatch(/^[\p{L}\p{N} _.:/=+@-]{1,256}$/u);
  });

  test("are tags as they are, as far as AWS takes them", async () => {
    await role().credentials("default", "агент ü*");
    expect(asked[0]?.parameters["Tags.member.1.Value"]).toBe("агент ü-");
  });

  test("are never two agents' at once", async () => {
    const one = role();
    for (const agent of ["a b", "a-b", "a/b"]) await one.credentials("default", agent);
    expect(new Set(asked.map(({ parameters }) => parameters.RoleSessionName)).size).toBe(3);
  });
});

test("each agent has a session of its own, and STS has said whose it is", async () => {
  const one = role();
  const [mine, again, other] = [
    await one.credentials("default"),
    await one.credentials("default", "ci"),
    await one.credentials("default", "other"),
  ];
  expect(again).toBe(mine);
  expect(other.accessKeyId).toBe("ASIA2");
  expect(one.identity(other)).toEqual({
    account: "123456789012",
    principalArn: "arn:aws:sts::123456789012:assumed-role/agent/s2",
    userId: "AROA:x",
    roleArn,
  });
  expect(one.identity(source)).toBeUndefined();
  const others = { current: () => ({ account: "1", principalArn: "said" }), learn: async () => {} };
  const said = (principalArn?: string) => new AssumedIdentity(one, others, { accountId: undefined, principalArn });
  expect(said().current(mine).principalArn).toMatch(/s1$/);
  expect(said("said").current(mine).principalArn).toBe("said");
  expect(said().current(source).principalArn).toBe("said");
});

test("a session is refreshed before it expires, and serves until it is", async () => {
  const one = role();
  await one.credentials("default");
  now += 54 * 60_000;
  expect((await one.credentials("default")).accessKeyId).toBe("ASIA1");
  now += 2 * 60_000;
  expect((await one.credentials("default")).accessKeyId).toBe("ASIA1");
  await expect.poll(async () => (await one.credentials("default")).accessKeyId).toBe("ASIA2");
  answer = refusal("AccessDenied", "no");
  now += 58 * 60_000;
  expect((await one.credentials("default")).accessKeyId).toBe("ASIA2");
});

test("the session policy is the one that is current when the role is assumed", async () => {
  let policy = "first";
  const one = role({ sessionPolicy: () => policy });
  await one.credentials("default");
  policy = "second";
  await one.credentials("default");
  expect(asked.map(({ parameters }) => parameters.Policy)).toEqual(["first"]);
  one.renew();
  expect((await one.credentials("default")).accessKeyId).toBe("ASIA2");
  expect(asked.map(({ parameters }) => parameters.Policy)).toEqual(["first", "second"]);
});

describe("when AWS refuses", () => {
  const denied = (action: string): string =>
    `User: arn:aws:iam::123456789012:user/dev is not authorized to perform: ${action} on resource: ${roleArn}`;
  test.each([
    [
      "AccessDenied",
      denied("sts:TagSession"),
      "Allow sts:TagSession in the role's trust policy, or start with --no-session-tags",
    ],
    [
      "AccessDenied",
      denied("sts:SetSourceIdentity"),
      "Allow sts:SetSourceIdentity in the role's trust policy, or start with --no-source-identity",
    ],
    ["AccessDenied", denied("sts:AssumeRole"), "must allow sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession"],
    [
      "PackedPolicyTooLarge",
      "Packed size of session tags consumes 101%",
      "Make it smaller, start with --no-session-tags, or leave out --dual-enforce",
    ],
    ["MalformedPolicyDocument", "Syntax errors in policy.", "leave out --dual-enforce"],
    ["ValidationError", "1 validation error &amp; more", "answered 403 ValidationError: 1 validation error & more"],
  ])("with %s, it says what is missing: %s", async (code, message, says) => {
    answer = refusal(code, message);
    const failure = await role()
      .credentials("default")
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsError);
    expect(failure).toMatchObject({ code: "ServiceUnavailable" });
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(says);
    expect(told[0]).toContain(roleArn);
  });

  test("it is told once, and asked again later", async () => {
    answer = refusal("AccessDenied", "no");
    const one = role();
    for (let i = 0; i < 3; i++) await one.credentials("default").catch(() => {});
    expect(asked).toHaveLength(1);
    now += 3000;
    answer = (n) => ({ status: 200, text: session(n) });
    expect((await one.credentials("default")).accessKeyId).toBe("ASIA2");
    expect(told).toHaveLength(1);
  });

  test("that there are no credentials to assume it with has been told before", async () => {
    const none = new AwsError("ServiceUnavailable", "none");
    await expect(role({ source: { credentials: () => Promise.reject(none) } }).credentials("default")).rejects.toThrow(
      AwsError,
    );
    expect(told).toEqual([]);
  });

  test("an answer without credentials is none", async () => {
    answer = () => ({ status: 200, text: "<AssumeRoleResponse/>" });
    await expect(role().credentials("default")).rejects.toThrow(AwsError);
    expect(told[0]).toContain("without credentials");
  });
});
