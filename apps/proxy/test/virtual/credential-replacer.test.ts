import { createSecretKey, randomBytes } from "node:crypto";
import { Credentials, type ResolvedCall } from "@iap/aws-core";
import { KeyVendor } from "@iap/cred-vendor";
import { expect, test } from "vitest";
import { type CredentialReplacer, credentialReplacer } from "../../src/virtual/credential-replacer.ts";
import { RoleSessions } from "../../src/virtual/role-sessions.ts";

const now = new Date("2026-01-01T00:00:00Z");
const vendor = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
const base = new Credentials({ accessKeyId: "AKIABASE", secretAccessKey: "base" });
const sessions = new RoleSessions({ vendor, base: { credentials: async () => base }, now: () => now });
const replacer = credentialReplacer({ sessions, unsigned: { agent: "a", session: "s" } });
const key = vendor.issue({ agent: "b", session: "t", ttlSeconds: 60, now });
const who = { account: "111122223333", principalArn: "arn:aws:sts::111122223333:assumed-role/first/s" };
const caller = { key, identity: who, lineage: ["arn:aws:iam::111122223333:role/first"] };

const assumeRole = (context: object, arn = "arn:aws:iam::123456789012:role/ci/dev"): ResolvedCall => ({
  ...{ service: "sts", operations: ["AssumeRole"], protocol: "awsQuery", region: "us-east-1" },
  checks: [
    { action: "sts:AssumeRole", resource: { arn }, context: context as Record<string, string>, authoritative: [] },
  ],
});

/** The session that is behind the pair which the agent gets, and whose pair it is. */
function opened(call: ResolvedCall, by?: Parameters<CredentialReplacer>[1]) {
  const pair = { accessKeyId: "ASIAREAL", secretAccessKey: "real", sessionToken: "t", expiration: undefined };
  const given = replacer(call, by)?.replace(pair);
  const fake = vendor.lookup(given?.accessKeyId ?? "", given?.sessionToken);
  return { agent: fake?.agent, ...sessions.get(fake?.upstream ?? "") };
}

test("a role's session is known by role, name and account, and follows those before it", () => {
  expect(opened(assumeRole({ "sts:RoleSessionName": "job" }), caller)).toMatchObject({
    agent: "b",
    lineage: [...caller.lineage, "arn:aws:iam::123456789012:role/ci/dev"],
    identity: { account: "123456789012", principalArn: "arn:aws:sts::123456789012:assumed-role/dev/job" },
  });
});

test("without its name, or of a role that is none, its principal is not made up", () => {
  const unnamed = { account: "123456789012", principalArn: undefined };
  expect(opened(assumeRole({}), caller).identity).toEqual(unnamed);
  expect(opened(assumeRole({ "sts:RoleSessionName": ["a", "b"] }), caller).identity).toEqual(unnamed);
  const unknown = { account: undefined, principalArn: undefined };
  expect(opened(assumeRole({}, "dev"), caller).identity).toEqual(unknown);
});

test("a session that is still of whoever asked is of the same identity", () => {
  const call: ResolvedCall = { ...assumeRole({}), operations: ["GetSessionToken"], checks: [] };
  expect(opened(call, caller)).toMatchObject({ identity: who, lineage: [...caller.lineage, "sts:GetSessionToken"] });
});

test("what nobody signed for is the agent's of this proxy", () => {
  const call: ResolvedCall = { ...assumeRole({}), operations: ["AssumeRoleWithWebIdentity"], checks: [] };
  expect(opened(call)).toMatchObject({ agent: "a", lineage: ["sts:AssumeRoleWithWebIdentity"] });
});

test("one of several operations that a call may be is enough for its answer to be looked into", () => {
  expect(replacer({ ...assumeRole({}), operations: ["GetCallerIdentity", "AssumeRole"] })).toMatchObject({
    operation: "sts:GetCallerIdentity|AssumeRole",
  });
  expect(replacer({ ...assumeRole({}), operations: ["GetCallerIdentity"] })).toBeUndefined();
});
