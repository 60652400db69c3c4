import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeChange, PolicyFiles } from "../../src/policies/policy-source.ts";
import { UsageError } from "../../src/usage-error.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-policy-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function policy(effect: string, action: string, resource = "*"): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: effect, Action: action, Resource: resource }],
  });
}

const policiesOf = (policies: readonly string[], more: object = {}) =>
  new PolicyFiles({ policies, boundaries: [], sessionPolicies: [], ...more });

const check = (action: string) => ({ action, resource: { none: true }, context: {}, authoritative: [] }) as const;

test("without files nothing is judged, and there is nothing to hand on", () => {
  const none = policiesOf([]);
  expect(none.current("tester")).toBeUndefined();
  expect(none.sessionPolicy).toBeUndefined();
  expect(none.texts.size).toBe(0);
});

test("the policies are a session policy of the role that is named, as often as they are read", () => {
  const sessionPolicyOf = "arn:aws:iam::123456789012:role/agent";
  const path = file("session.json", policy("Allow", "s3:*"));
  const boundary = file("session-boundary.json", policy("Deny", "s3:Delete*"));
  const policies = policiesOf([path], { boundaries: [boundary], sessionPolicyOf });
  const said = (): unknown => JSON.parse(policies.sessionPolicy ?? "");
  const statement = (Effect: string, Action: string) => ({ Effect, Action, Resource: "*" });
  const Statement = [statement("Allow", "s3:*"), statement("Deny", "s3:Delete*")];
  expect(said()).toEqual({ Version: "2012-10-17", Statement });
  file("session.json", policy("Allow", "sqs:*"));
  policies.reload();
  expect(said()).toMatchObject({ Statement: [statement("Allow", "sqs:*"), statement("Deny", "s3:Delete*")] });
  // Too long for AWS: the policies from before stay.
  file("session.json", policy("Allow", "sqs:*", `arn:aws:sqs:*:*:${"q".repeat(3_000)}`));
  expect(() => policies.reload()).toThrow(UsageError);
  expect(() => policies.reload()).toThrow("does not fit into a session");
  expect(said()).toMatchObject({ Statement: [statement("Allow", "sqs:*"), statement("Deny", "s3:Delete*")] });
  expect(policiesOf([path]).sessionPolicy).toBeUndefined();
});

test("all files together judge, and their version is the same whenever they are", () => {
  const files = [file("allow.json", policy("Allow", "s3:*")), file("deny.json", policy("Deny", "s3:Delete*"))];
  const evaluator = policiesOf(files).current("tester");
  expect(evaluator?.evaluateAll([check("s3:ListAllMyBuckets")]).outcome).toBe("allowed");
  expect(evaluator?.evaluateAll([check("s3:DeleteBucket")])).toMatchObject({ outcome: "explicitDeny", by: "iam" });
  expect(evaluator?.evaluateAll([check("sts:AssumeRole")]).outcome).toBe("implicitDeny");
  expect(policiesOf(files).current("another")?.version).toBe(evaluator?.version);
});

test.each<[name: string, content: string, says: (path: string) => string]>([
  [
    "effect.json",
    `{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Permit", "Action": "*", "Resource": "*"\n  }]\n}`,
    (path) => `${path}:4:15: Statement[0].Effect: `,
  ],
  ["action.json", policy("Allow", "GetObject"), (path) => `${path}:1:`],
  [
    "condition.json",
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"aws:username":"a"}}}]}`,
    () =>
      'Statement[0].Condition.StringEqual: There is no condition operator "StringEqual". Did you mean "StringEquals"?',
  ],
  ["json.json", '{"Version": ', (path) => `${path}:1:`],
  ["list.json", "[]", (path) => path],
  ["empty.json", "", (path) => path],
])("%s is refused, naming file, place and fix", (name, content, says) => {
  const path = file(name, content);
  expect(() => policiesOf([path])).toThrow(UsageError);
  expect(() => policiesOf([path])).toThrow(says(path));
});

test("every fault of every file is told at once", () => {
  const one = file("one.json", policy("Permit", "s3:*"));
  const two = file("two.json", policy("Allow", "s3"));
  expect(() => policiesOf([one, two])).toThrow(one);
  expect(() => policiesOf([one, two])).toThrow(two);
});

test("a file that cannot be read is refused", () => {
  const path = join(dir, "absent.json");
  expect(() => policiesOf([path])).toThrow(`the policy ${path} cannot be read: ENOENT`);
  expect(() => policiesOf([dir])).toThrow(`the policy ${dir} cannot be read: EISDIR`);
});

test("a boundary and session policies must allow too", () => {
  const all = file("all.json", policy("Allow", "*"));
  const some = file("some.json", policy("Allow", "s3:*"));
  const other = file("other.json", policy("Allow", "ec2:*"));
  const outcome = (more: object): string | undefined =>
    policiesOf([all], more)
      .current("tester")
      ?.evaluateAll([check("s3:ListAllMyBuckets")]).outcome;
  expect(outcome({ boundaries: [some] })).toBe("allowed");
  expect(outcome({ boundaries: [some, other] })).toBe("implicitDeny");
  expect(outcome({ sessionPolicies: [some, other] })).toBe("allowed");
  expect(outcome({ sessionPolicies: [other] })).toBe("implicitDeny");
});

test("a file that has changed counts when it is reloaded, not before", () => {
  const path = file("edited.json", policy("Allow", "s3:*"));
  const policies = policiesOf([path]);
  const outcome = (): string | undefined =>
    policies.current("tester")?.evaluateAll([check("s3:ListAllMyBuckets")]).outcome;
  file("edited.json", policy("Allow", "ec2:*"));
  expect(outcome()).toBe("allowed");
  const change = policies.reload();
  expect(outcome()).toBe("implicitDeny");
  expect(change).toMatchObject({
    added: [`statement 0 in ${path}`],
    removed: [`statement 0 in ${path}`],
    after: policies.current("tester")?.version,
  });
  expect(change?.before).not.toBe(change?.after);
});

test("a reload says which statements came and went", () => {
  const one = { Sid: "One", Effect: "Allow", Action: "s3:*", Resource: "*" };
  const two = { Sid: "Two", Effect: "Allow", Action: "ec2:*", Resource: "*" };
  const three = { Effect: "Deny", Action: "s3:Put*", Resource: "*" };
  const write = (...Statement: object[]) => file("list.json", JSON.stringify({ Version: "2012-10-17", Statement }));
  const path = write(one, two);
  const policies = policiesOf([path]);
  write(three, one, { ...one, Sid: "OneMore" });
  const change = policies.reload();
  expect(change).toBeDefined();
  if (change === undefined) return;
  expect(change.removed).toEqual([`statement Two in ${path}`]);
  expect(change.added).toEqual([`statement 0 in ${path}`, `statement OneMore in ${path}`]);
  expect(describeChange(change)).toBe(
    `policies reloaded, version ${change.before} -> ${change.after}: - statement Two in ${path}, + statement 0 in ${path}, + statement OneMore in ${path}`,
  );
  const same = policies.reload();
  expect(same && describeChange(same)).toContain("nothing has changed");
});

test("a reload says so when a document differs, and no statement of it", () => {
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  const write = (Id: string) =>
    file("named.json", JSON.stringify({ Version: "2012-10-17", Id, Statement: [statement] }));
  const policies = policiesOf([write("one")]);
  write("another");
  const change = policies.reload();
  expect(change && describeChange(change)).toContain("no statement differs");
});

test("a reload that fails changes nothing", () => {
  const path = file("broken.json", policy("Allow", "s3:*"));
  const policies = policiesOf([path]);
  const before = policies.current("tester");
  writeFileSync(path, '{"Version": ');
  expect(() => policies.reload()).toThrow(UsageError);
  rmSync(path);
  expect(() => policies.reload()).toThrow("cannot be read");
  expect(policies.current("tester")).toBe(before);
});

test("without files there is nothing to reload", () => {
  expect(policiesOf([]).reload()).toBeUndefined();
});

test("the texts that count can be handed to another, who then goes by the same version", () => {
  const path = file("handed.json", policy("Allow", "s3:*"));
  const files = policiesOf([path, path]);
  const names = { policies: [path, path], boundaries: [], sessionPolicies: [] };
  let texts = files.texts;
  const other = new PolicyFiles(names, (name) => texts.get(name) as string);
  const versions = () => [files, other].map((source) => source.current("tester")?.version);
  expect(versions()[0]).toBe(versions()[1]);
  // What stands in the file does not count before it is read.
  file("handed.json", policy("Allow", "sqs:*"));
  other.reload();
  expect(versions()[0]).toBe(versions()[1]);
  files.reload();
  expect(versions()[0]).not.toBe(versions()[1]);
  texts = files.texts;
  other.reload();
  expect(versions()[0]).toBe(versions()[1]);
});
