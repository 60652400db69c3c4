import { createSecretKey, randomBytes } from "node:crypto";
import { Credentials, type DecidedRecord, type FinishedRecord, type Mode } from "@iap/aws-core";
import { KeyVendor, VerbError } from "@iap/cred-vendor";
import { compilePolicySet } from "@iap/iam-evaluator";
import { SigningKeys } from "@iap/sigv4";
import { beforeEach, describe, expect, test } from "vitest";
import { decider } from "../../src/policies/decide.ts";
import { deniedActions } from "../../src/policies/deny-action.ts";
import { tokenIssuer } from "../../src/tokens/issue-token.ts";
import { readTokenRequest } from "../../src/tokens/token-request.ts";
import type { IssuedToken, TokenKind } from "../../src/tokens/token-subject.ts";
import { RoleSessions } from "../../src/virtual/role-sessions.ts";

const now = new Date("2026-11-23T12:34:56Z");
const real = new Credentials({ accessKeyId: "AKIAREALREALREALREAL", secretAccessKey: "real" });
const principalArn = "arn:aws:iam::123456789012:user/dev";
const vendor = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
const agent = vendor.issue({ agent: "tester", session: "s", ttlSeconds: 3600, now });
const other = vendor.issue({ agent: "another", session: "s", ttlSeconds: 3600, now });

const named: Readonly<Record<TokenKind, Readonly<Record<string, string>>>> = {
  eks: { clusterName: "prod" },
  rds: { hostname: "db.c0ffee.us-east-1.rds.amazonaws.com", port: "5432", username: "app" },
  dsql: { hostname: "abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws" },
  codecommit: { host: "git-codecommit.us-east-1.amazonaws.com", path: "/v1/repos/app" },
};
const kinds = Object.keys(named) as TokenKind[];
const actions = ["eks:AccessKubernetesApi", "rds-db:connect", "dsql:DbConnect", "codecommit:GitP*"];

interface Rules {
  readonly mode?: Mode;
  readonly allowed?: readonly TokenKind[];
  readonly policy?: readonly string[];
  readonly denyActions?: readonly string[];
  readonly credentials?: () => Promise<Credentials>;
}

let decided: DecidedRecord[];
let finished: FinishedRecord[];
let faults: Error[];
beforeEach(() => {
  decided = [];
  finished = [];
  faults = [];
});

const read = (kind: TokenKind, members: object) =>
  readTokenRequest({ version: 1, verb: "token", kind, ...members }, "us-east-1");

function issue(kind: TokenKind, members: object, rules: Rules = {}): Promise<IssuedToken> {
  const { mode = "enforce", allowed = kinds, policy = actions, denyActions = [], credentials } = rules;
  const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: policy, Resource: "*" }] } as const;
  const evaluator = compilePolicySet({ identity: [{ name: "p", document: JSON.stringify(document) }] });
  const issuer = tokenIssuer({
    parts: {
      keys: vendor,
      signingKeys: new SigningKeys(),
      upstreams: new RoleSessions({
        vendor,
        base: { credentials: credentials ?? (async () => real) },
        now: () => now,
      }),
      identity: { current: () => ({ account: "123456789012", principalArn }) },
      decide: decider({ current: () => evaluator }, { denied: deniedActions(denyActions) }),
      onFault: (error) => faults.push(error),
      recorder: { decided: async (record) => void decided.push(record), finished: (record) => finished.push(record) },
      mode,
      run: "run-1",
      now: () => now,
      onDecided: () => {},
    },
    allowed: new Set(allowed),
    current: () => agent,
  });
  return issuer(read(kind, members));
}

/** What a client makes by itself of a key, as it hands it in. */
function madeWith({ credentials }: { readonly credentials: Credentials }, kind: TokenKind, members = named[kind]) {
  const made = read(kind, members).subject.issue({ credentials, now });
  if (!("token" in made)) return { ...named.codecommit, username: made.username, password: made.password };
  return kind === "eks" ? { clusterName: "prod", token: made.token } : { token: made.token };
}

function text(issued: IssuedToken): string {
  if (!("token" in issued)) return issued.username;
  const { token } = issued;
  return token.startsWith("k8s-") ? Buffer.from(token.slice(11), "base64url").toString() : token;
}

describe.each(kinds)("a token of kind %s", (kind) => {
  test("asked for by name is made of the real credentials, for the agent whose socket it is", async () => {
    const issued = await issue(kind, named[kind]);
    expect(text(issued)).toContain(real.accessKeyId);
    expect(decided).toMatchObject([
      { agent: "tester", accessKeyId: agent.credentials.accessKeyId, principalArn, forwarded: true },
    ]);
    expect(finished).toMatchObject([{ outcome: "answered", status: 200 }]);
  });

  test("handed in is made anew, for the agent whose key signed it", async () => {
    const issued = await issue(kind, madeWith(other, kind));
    expect(text(issued)).toContain(real.accessKeyId);
    expect(text(issued)).not.toContain(other.credentials.accessKeyId);
    expect(decided).toMatchObject([{ agent: "another", accessKeyId: other.credentials.accessKeyId, forwarded: true }]);
  });

  test("that another key has signed is refused, and recorded", async () => {
    const stranger = new Credentials({ accessKeyId: "ASIASTRANGERSTRANGER", secretAccessKey: "x", sessionToken: "t" });
    await expect(issue(kind, madeWith({ credentials: stranger }, kind))).rejects.toMatchObject({
      code: "UnknownAccessKey",
    });
    const { accessKeyId, sessionToken } = agent.credentials;
    const forged = new Credentials({ accessKeyId, secretAccessKey: "guessed", sessionToken: sessionToken ?? "" });
    await expect(issue(kind, madeWith({ credentials: forged }, kind))).rejects.toMatchObject({
      code: "SignatureDoesNotMatch",
    });
    expect(decided.map(({ forwarded }) => forwarded)).toEqual([false, false]);
  });

  test("is refused unless its kind is named, whatever a policy says, and tells the option", async () => {
    for (const mode of ["record", "shadow", "enforce"] as const) {
      await expect(issue(kind, named[kind], { mode, allowed: [] })).rejects.toThrow(
        `start it with --allow-token ${kind}`,
      );
    }
    expect(decided.map(({ forwarded, decision }) => [forwarded, decision.by])).toEqual(Array(3).fill([false, "guard"]));
  });

  test("is held to the policy and to what the operator forbids", async () => {
    await expect(issue(kind, named[kind], { policy: ["s3:*"] })).rejects.toMatchObject({ code: "AccessDenied" });
    await expect(issue(kind, named[kind], { mode: "shadow", denyActions: ["*"] })).rejects.toThrow("--deny-action *");
    expect(decided[0]).toMatchObject({ forwarded: false, decision: { outcome: "implicitDeny", by: "iam" } });
    expect(finished[0]).toMatchObject({ outcome: "answered", errorCode: "AccessDenied" });
  });
});

test.each<[string, TokenKind, (token: string) => object]>([
  ["for another region", "rds", (token) => ({ token: token.replace("us-east-1%2Frds-db", "eu-west-1%2Frds-db") })],
  ["for another service", "rds", (token) => ({ token: token.replace("%2Frds-db", "%2Fdsql") })],
  ["with another header signed", "rds", (token) => ({ token: token.replace("=host", "=host%3Bx-k8s-aws-id") })],
])("a token that is signed %s is refused", async (_, kind, change) => {
  const { token = "" } = madeWith(agent, kind) as { token?: string };
  await expect(issue(kind, change(token))).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
  expect(decided).toMatchObject([{ agent: "tester", forwarded: false }]);
});

test("a token for one cluster does not become one for another", async () => {
  const handed = { ...madeWith(agent, "eks"), clusterName: "other" };
  await expect(issue("eks", handed)).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
});

test("a bug is told at the terminal, and to the client only that there was one", async () => {
  const bug = new TypeError("x is not a function");
  const refused = issue("rds", named.rds, { credentials: () => Promise.reject(bug) });
  await expect(refused).rejects.toBeInstanceOf(VerbError);
  await expect(refused).rejects.toThrow(/Its terminal says why. \(iam-agent-proxy decision [0-9a-f-]{36}\)$/);
  expect(faults).toEqual([bug]);
  expect(decided).toMatchObject([{ forwarded: false, decision: { by: "limit" } }]);
});
