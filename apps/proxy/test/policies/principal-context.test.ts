import { expect, test } from "vitest";
import { principalContext } from "../../src/policies/principal-context.ts";

const now = new Date("2026-06-01T12:00:00.750Z");
const always = {
  "aws:CurrentTime": "2026-06-01T12:00:00Z",
  "aws:EpochTime": "1780315200",
  "aws:SecureTransport": "true",
  "aws:PrincipalIsAWSService": "false",
  "aws:ViaAWSService": "false",
};
const ofServices = expect.arrayContaining(["aws:CalledVia", "aws:CalledViaLast", "aws:SourceArn", "aws:SourceAccount"]);
const account = "123456789012";

test.each<[string, string, object, readonly string[]]>([
  [
    "a user",
    `arn:aws:iam::${account}:user/team/bob`,
    { "aws:PrincipalType": "User", "aws:PrincipalArn": `arn:aws:iam::${account}:user/team/bob`, "aws:username": "bob" },
    [],
  ],
  [
    "the session of a role, whose path it does not tell",
    `arn:aws:sts::${account}:assumed-role/app/s1`,
    { "aws:PrincipalType": "AssumedRole" },
    ["aws:username"],
  ],
  [
    "a role, as the operator says it",
    `arn:aws:iam::${account}:role/team/app`,
    { "aws:PrincipalType": "AssumedRole", "aws:PrincipalArn": `arn:aws:iam::${account}:role/team/app` },
    ["aws:username"],
  ],
  [
    "a federated session",
    `arn:aws:sts::${account}:federated-user/eve`,
    { "aws:PrincipalType": "FederatedUser", "aws:PrincipalArn": `arn:aws:sts::${account}:federated-user/eve` },
    ["aws:username"],
  ],
  [
    "the root user",
    `arn:aws:iam::${account}:root`,
    { "aws:PrincipalType": "Account", "aws:PrincipalArn": `arn:aws:iam::${account}:root` },
    ["aws:username"],
  ],
  ["something else", `arn:aws:iam::${account}:mfa/bob`, {}, []],
])("of %s is known", (_name, principalArn, keys, authoritative) => {
  const known = principalContext({ account, principalArn, userId: "AIDA" }, now);
  expect(known.context).toEqual({ ...always, "aws:PrincipalAccount": account, "aws:userid": "AIDA", ...keys });
  expect(known.authoritative).toEqual(ofServices);
  expect(known.authoritative).toEqual(expect.arrayContaining([...authoritative]));
  expect(known.authoritative.includes("aws:username")).toBe(authoritative.includes("aws:username"));
});

test("of nobody known, the time is", () => {
  const nobody = { account: undefined, principalArn: undefined, userId: undefined };
  expect(principalContext(nobody, now)).toEqual({ context: always, authoritative: ofServices });
});

test("of a session whose role was seen assumed, the ARN of the role is known", () => {
  const roleArn = `arn:aws:iam::${account}:role/team/app`;
  const { context } = principalContext(
    { account, principalArn: `arn:aws:sts::${account}:assumed-role/app/s1`, roleArn },
    now,
  );
  expect(context).toMatchObject({ "aws:PrincipalArn": roleArn, "aws:PrincipalType": "AssumedRole" });
});

test("is made anew for another second and for whoever differs in anything, and only then", () => {
  const who = {
    account,
    principalArn: `arn:aws:sts::${account}:assumed-role/app/s1`,
    userId: "AROA:s1",
    roleArn: "arn:r",
  };
  const known = principalContext(who, now);
  expect(principalContext({ ...who }, new Date("2026-06-01T12:00:00.999Z"))).toBe(known);
  for (const other of [
    { account: "2" },
    { principalArn: `arn:aws:iam::${account}:user/bob` },
    { userId: "b" },
    { roleArn: "arn:s" },
  ]) {
    expect(principalContext({ ...who, ...other }, now)).not.toEqual(known);
    expect(principalContext(who, now)).toEqual(known);
  }
  const later = principalContext(who, new Date("2026-06-01T12:00:01Z")).context;
  expect(later).toEqual({ ...known.context, "aws:CurrentTime": "2026-06-01T12:00:01Z", "aws:EpochTime": "1780315201" });
});
