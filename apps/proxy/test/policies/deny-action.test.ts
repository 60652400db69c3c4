import type { Check, ResolvedCall } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { deniedActions } from "../../src/policies/deny-action.ts";
import { UsageError } from "../../src/usage-error.ts";

const check = (action: string): Check => ({ action, resource: { none: true }, context: {}, authoritative: [] });
const call = (more: Partial<ResolvedCall>): ResolvedCall => ({
  service: "s3",
  operations: ["DeleteObject"],
  protocol: "restXml",
  region: "eu-west-1",
  checks: [check("s3:DeleteObject")],
  ...more,
});

const copy = call({ operations: ["CopyObject"], checks: [check("s3:GetObject"), check("s3:PutObject")] });
const identity = call({ service: "sts", operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] });
const unknown = call({ operations: [], marker: "unknown", checks: [], why: "no operation is GET /?x" });

describe("what the operator forbids", () => {
  test.each<[string, string[], ResolvedCall, boolean]>([
    ["by name", ["s3:DeleteObject"], call({}), true],
    ["in any case", ["S3:deleteobject"], call({}), true],
    ["with wildcards", ["s3:Del?te*"], call({}), true],
    ["everything", ["*"], call({}), true],
    ["one of several rules", ["iam:*", "s3:Delete*"], call({}), true],
    ["one of several actions", ["s3:PutObject"], copy, true],
    ["the operation by its own name", ["s3:CopyObject"], copy, true],
    ["what needs no permission", ["sts:GetCallerIdentity"], identity, true],
    ["what is not understood, of a service of which something is forbidden", ["s3:DeleteBucket"], unknown, true],
    ["another action", ["s3:DeleteBucket"], call({}), false],
    ["another service", ["s3express:*"], call({}), false],
    ["what is not understood of another service", ["ec2:*"], unknown, false],
    ["nothing", [], call({}), false],
  ])("%s", (_name, names, asked, forbidden) => {
    const why = deniedActions(names)(asked);
    expect(why !== undefined).toBe(forbidden);
    if (forbidden) expect(why).toContain("--deny-action ");
  });

  test("what is not understood is forbidden though nobody says why it is not", () => {
    const { why: _, ...silent } = unknown;
    expect(deniedActions(["s3:*"])(silent)).toContain("the request is not understood");
  });

  test("the rule and the action are named", () => {
    expect(deniedActions(["s3:Delete*"])(call({}))).toBe(
      "the operator forbids s3:DeleteObject (--deny-action s3:Delete*)",
    );
  });
});

test.each(["DeleteObject", "s*:DeleteObject", "s3:", "", "s3:Delete:Object", "s3:DeleteObject "])(
  "%j is no action to forbid",
  (name) => {
    expect(() => deniedActions([name])).toThrow(UsageError);
  },
);
