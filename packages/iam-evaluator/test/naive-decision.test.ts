import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicySet, type PolicyInput, type PolicySet, type PolicyStatement } from "../src/index.ts";
import { type NaiveSet, type Named, naiveDecision, type Says, type Who } from "./support/naive-decision.ts";

const own = "123456789012";
const other = "999988887777";
const arns: Readonly<Record<Who, string>> = {
  user: `arn:aws:iam::${own}:user/bob`,
  role: `arn:aws:iam::${own}:role/app`,
  session: `arn:aws:sts::${own}:assumed-role/app/s1`,
  root: `arn:aws:iam::${own}:root`,
  federatedUser: `arn:aws:sts::${own}:federated-user/bob`,
  serviceLinkedRole: `arn:aws:iam::${own}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX`,
  service: "lambda.amazonaws.com",
  anonymous: "*",
};
const principals: Readonly<Record<Named, PolicyStatement["Principal"]>> = {
  everyone: "*",
  account: { AWS: own },
  anotherAccount: { AWS: other },
  user: { AWS: arns.user },
  role: { AWS: arns.role },
  session: { AWS: arns.session },
  federatedUser: { AWS: arns.federatedUser },
  service: { Service: arns.service },
};

function statement(says: Says, Principal?: PolicyStatement["Principal"]): PolicyStatement {
  const about = { Effect: says === "denies" ? "Deny" : "Allow", Resource: "*" } as const;
  const Action = says === "is silent" ? "x:Y" : ["s3:*", "kms:*", "sts:*"];
  return { ...about, Action, ...(Principal === undefined ? {} : { Principal }) };
}

function policy(...Statement: PolicyStatement[]): PolicyInput {
  return { name: "p", document: { Version: "2012-10-17", Statement } };
}

function policies({ identity, boundary, session, scp, rcp, vpcEndpoint, resource }: NaiveSet): PolicySet {
  return {
    identity: [policy(statement(identity))],
    permissionsBoundary: boundary === undefined ? [] : [policy(statement(boundary))],
    session: session === undefined ? [] : [policy(statement(session))],
    scp: scp.map((says) => [policy(statement(says))]),
    // An RCP only denies.
    rcp: rcp.map((says) => [policy({ ...statement(says === "denies" ? says : "is silent", "*"), Effect: "Deny" })]),
    vpcEndpoint: vpcEndpoint === undefined ? [] : [policy(statement(vpcEndpoint, "*"))],
    resource:
      resource == null ? resource : policy(...resource.map(([says, name]) => statement(says, principals[name]))),
  };
}

/** Mostly what allows: where much is silent nothing is left to be decided. */
const says = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Says>("allows") },
  { weight: 2, arbitrary: fc.constant<Says>("is silent") },
  { weight: 1, arbitrary: fc.constant<Says>("denies") },
);
const perhaps = fc.option(says, { nil: undefined, freq: 1 });
// `as`: the keys of a literal.
const named = fc.constantFrom(...(Object.keys(principals) as Named[]));
const sets: fc.Arbitrary<NaiveSet> = fc.record({
  identity: says,
  boundary: perhaps,
  session: perhaps,
  scp: fc.array(says, { maxLength: 2 }),
  rcp: fc.array(says, { maxLength: 2 }),
  vpcEndpoint: perhaps,
  resource: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 3, arbitrary: fc.array(fc.tuple(says, named), { minLength: 1, maxLength: 2 }) },
  ),
});
const requests = fc.constantFrom(
  { action: "s3:GetObject", resource: { arn: "arn:aws:s3:::b/k" }, isGuarded: false },
  { action: "kms:Decrypt", resource: { arn: `arn:aws:kms:us-east-1:${own}:key/k` }, isGuarded: true },
  { action: "sts:AssumeRole", resource: { arn: `arn:aws:iam::${own}:role/other` }, isGuarded: true },
  { action: "s3:ListAllMyBuckets", resource: { none: true } as const, isGuarded: false },
);

test("policies of all types decide together as a naive reading of the documents has it", () => {
  const people = fc.constantFrom(...(Object.keys(arns) as Who[]));
  fc.assert(
    fc.property(sets, requests, people, fc.boolean(), (set, { isGuarded, ...asked }, who, isOfAnotherAccount) => {
      const question = { who, isGuarded, isOfAnotherAccount, hasResource: "arn" in asked.resource };
      const decision = compilePolicySet(policies(set)).evaluate({
        ...asked,
        principal: { arn: arns[who] },
        resourceAccount: isOfAnotherAccount ? other : own,
      });
      expect(decision.outcome).toBe(naiveDecision(set, question));
    }),
    { numRuns: 1000 },
  );
});
