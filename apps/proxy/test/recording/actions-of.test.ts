import type { Check } from "@iap/aws-core";
import { expect, test } from "vitest";
import { actionsOf } from "../../src/recording/actions-of.ts";

const check = (action: string): Check => ({ action, resource: { none: true }, context: {}, authoritative: [] });

test("the actions of the checks, each once, in their order", () => {
  const checks = [check("s3:PutObject"), check("s3:PutObjectAcl"), check("s3:PutObject")];
  expect(actionsOf({ service: "s3", operations: ["PutObject"], checks })).toEqual(["s3:PutObject", "s3:PutObjectAcl"]);
});

test("a call that needs no permission counts as its operation", () => {
  const call = { service: "sts", operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] };
  expect(actionsOf(call)).toEqual(["sts:GetCallerIdentity"]);
});

test.each(["unknown", "ambiguous"])("a call that is %s has none, whatever operations it may be", (marker) => {
  expect(actionsOf({ service: "s3", operations: ["GetObject"], marker, checks: [] })).toEqual([]);
});

test("a request that did not get as far as a service has none", () => {
  expect(actionsOf({ operations: [], checks: [] })).toEqual([]);
  expect(actionsOf({ service: "s3", operations: [], checks: [] })).toEqual([]);
});
