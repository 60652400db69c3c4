import { expect, test } from "vitest";
import { dynamodbAttributes } from "../src/hooks/dynamodb-attributes.ts";
import { dynamodbPartiql } from "../src/hooks/dynamodb-partiql.ts";
import type { HookMembers, ResourceHook } from "../src/hooks/hook.ts";
import { kmsKey } from "../src/hooks/kms-key.ts";
import { organizationsId } from "../src/hooks/organizations-id.ts";
import { route53RecordNames } from "../src/hooks/route53-record-names.ts";
import { s3Url } from "../src/hooks/s3-url.ts";
import { secretId } from "../src/hooks/secret-id.ts";
import { sqsQueue } from "../src/hooks/sqs-queue.ts";
import { ssmDocument } from "../src/hooks/ssm-document.ts";
import { ssmNode } from "../src/hooks/ssm-node.ts";
import { ssmParameter } from "../src/hooks/ssm-parameter.ts";
import { TwoReadings } from "../src/member-value.ts";
import type { CallFacts } from "../src/scope.ts";

const call: CallFacts = {
  partition: "aws",
  region: "eu-west-1",
  account: "123456789012",
  prefix: "",
  signingName: "",
  method: "POST",
  path: "/",
  header: () => undefined,
  query: () => undefined,
};
const china: CallFacts = { ...call, partition: "aws-cn", region: "cn-north-1" };

function textsOf(hook: ResourceHook, members: HookMembers, facts: CallFacts = call): readonly string[] {
  return hook(members, facts, undefined).map((found) =>
    "arn" in found ? found.arn : "pattern" in found ? `pattern ${found.pattern}` : "none",
  );
}

test.each([
  ["www.Example.com.", "www.example.com"],
  ["*.example.com", "\\052.example.com"],
  ["\\052.example.com", "\\052.example.com"],
  ["a\\141b", "aab"],
  ["š.example.com", "\\305\\241.example.com"],
  ["a\\999", "a\\134999"],
  [".", "."],
])("Route 53 compares %j as %j", (name, wanted) => {
  expect(route53RecordNames({ name: [name] })).toEqual([wanted]);
});

test("equal record names are one", () => {
  expect(route53RecordNames({ name: ["A.b", "a.b."] })).toEqual(["a.b"]);
});

const named = { placeholders: ["#a", "#b"], names: ["Alpha", "beta"] };

test.each([
  ["Alpha, beta.inner, gamma[0].delta", ["Alpha", "beta", "gamma"]],
  ["#a = :x AND size(gamma) > :y", ["Alpha", "gamma"]],
  ["SET #b.#a = :v REMOVE old ADD n :one", ["beta", "old", "n"]],
])("%j names the attributes %j", (expression, wanted) => {
  expect(dynamodbAttributes({ expression: [expression], ...named })).toEqual(wanted);
});

test.each(["#unknown = :x", 'a = "b"', "a; b"])("%j names attributes that are not known", (expression) => {
  expect(dynamodbAttributes({ expression: [expression], ...named })).toBe("unknown");
});

test("keys are attributes themselves", () => {
  expect(dynamodbAttributes({ keys: ["id", "sort"], keys2: ["id"] })).toEqual(["id", "sort"]);
});

test.each([
  ["app/db", "pattern arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-??????"],
  [
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf",
  ],
  [
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app",
    "pattern arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-??????",
  ],
])("the secret %s is %s", (id, wanted) => {
  expect(textsOf(secretId, { id: [id] })).toEqual([wanted]);
});

test.each([
  ["/a/b", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"],
  ["a", "arn:aws:ssm:eu-west-1:123456789012:parameter/a"],
  ["/a/b:3", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"],
  ["/aws/service/x", "arn:aws:ssm:eu-west-1::parameter/aws/service/x"],
  [" /a/b ", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"],
  ["//a/b", "pattern arn:aws:ssm:*"],
  ["a//b", "pattern arn:aws:ssm:*"],
  ["arn:aws:ssm:eu-west-1:111122223333:parameter/a:2", "arn:aws:ssm:eu-west-1:111122223333:parameter/a"],
])("the parameter %s is %s", (name, wanted) => {
  expect(textsOf(ssmParameter, { name: [name] })).toEqual([wanted]);
});

test.each([
  ["Own", "arn:aws-cn:ssm:cn-north-1:123456789012:document/Own"],
  ["AWS-RunShellScript", "arn:aws-cn:ssm:cn-north-1::document/AWS-RunShellScript"],
  ["AWSOther", "pattern arn:aws-cn:ssm:cn-north-1:*:document/AWSOther"],
])("the document %s is %s", (name, wanted) => {
  expect(textsOf(ssmDocument, { name: [name] }, china)).toEqual([wanted]);
});

test.each([
  ["i-0123456789abcdef0", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"],
  ["mi-0123456789abcdef0", "arn:aws:ssm:eu-west-1:123456789012:managed-instance/mi-0123456789abcdef0"],
  ["ecs:c_t_r", "pattern arn:aws:ecs:eu-west-1:123456789012:task/*"],
])("the node %s is %s", (id, wanted) => {
  expect(textsOf(ssmNode, { id: [id] })).toEqual([wanted]);
});

test.each([
  ["111122223333", "pattern arn:aws:organizations::*:account/o-*/111122223333"],
  ["ou-ab12-cd34ef56", "pattern arn:aws:organizations::*:ou/o-*/ou-ab12-cd34ef56"],
  ["p-FullAWSAccess", "pattern arn:aws:organizations::aws:policy/*/p-FullAWSAccess"],
])("%s of an organization is %s", (id, wanted) => {
  expect(textsOf(organizationsId, { id: [id] })).toEqual([wanted]);
});

test.each([
  [secretId, "id", "arn:aws:s3:::bucket"],
  [ssmParameter, "name", "arn:aws:ssm:eu-west-1:1:document/d"],
  [ssmDocument, "name", "arn:aws:ssm:eu-west-1:1:parameter/p"],
  [ssmNode, "id", "i-x/../y"],
  [organizationsId, "id", "x-1"],
] as const)("%o gives a declared wildcard for the %s %j", (hook, member, value) => {
  for (const found of hook({ [member]: [value] }, call, undefined)) {
    expect(found).toMatchObject({ pattern: expect.stringContaining("*"), why: expect.any(String) });
  }
});

test.each([
  [secretId, ["pattern arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"]],
  [ssmParameter, ["pattern arn:aws:ssm:eu-west-1:123456789012:parameter/*"]],
  [ssmDocument, ["pattern arn:aws:ssm:eu-west-1:123456789012:document/*"]],
  [
    ssmNode,
    [
      "pattern arn:aws:ec2:eu-west-1:123456789012:instance/*",
      "pattern arn:aws:ssm:eu-west-1:123456789012:managed-instance/*",
    ],
  ],
  [organizationsId, ["pattern arn:aws:organizations::*:*"]],
] as const)("%o without members is a declared wildcard", (hook, wanted) => {
  expect(textsOf(hook, {})).toEqual(wanted);
});

test.each([
  ["https://bucket.s3.eu-west-1.amazonaws.com/a/b.json", "arn:aws:s3:::bucket/a/b.json"],
  ["https://my.bucket.s3.amazonaws.com/a%20b.yaml?versionId=1", "arn:aws:s3:::my.bucket/a b.yaml"],
  ["https://s3.eu-west-1.amazonaws.com/bucket/a.json", "arn:aws:s3:::bucket/a.json"],
  ["https://s3-eu-west-1.amazonaws.com/bucket/a.json", "arn:aws:s3:::bucket/a.json"],
  ["https://S3.amazonaws.com/Bucket/a//b", "arn:aws:s3:::Bucket/a//b"],
])("the object at %s is %s", (url, wanted) => {
  expect(textsOf(s3Url, { url: [url] })).toEqual([wanted]);
});

test.each([
  "s3://bucket/key",
  "https://example.com/bucket/key",
  "https://s3.amazonaws.com/bucket/../other/key",
  "https://s3.amazonaws.com/bucket/%2e%2e/other/key",
  "https://s3.amazonaws.com/bucket",
  "https://user@s3.amazonaws.com/bucket/key",
  "https://s3.amazonaws.com\\@bucket/key",
  "https://s3.amazonaws.com/bucket/%zz",
  "ssm-doc://arn:aws:ssm:eu-west-1:1:document/d",
])("any object may be at %s", (url) => {
  expect(textsOf(s3Url, { url: [url] })).toEqual(["pattern arn:aws:s3:::*"]);
});

test.each(["/12345678901%32/other", "/123456789012/other/more", "//123456789012/other", ""])(
  "%j is no path of a queue, beside a QueueUrl too",
  (path) => {
    const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
    expect(() => textsOf(sqsQueue, { url: [url] }, { ...call, path })).toThrow(TwoReadings);
  },
);

test.each([
  'SELECT `"\\""` FROM "B" WHERE x = `" FROM A WHERE z = "`',
  "UPDATE A SET x = 1 WHERE id = 1; DELETE FROM B WHERE id = 1",
  "SELECT * FROM A /* B */",
])("%s may be anything", (statement) => {
  const actions = dynamodbPartiql({ statement: [statement] }, call).map(({ action }) => action);
  expect(new Set(actions)).toEqual(
    new Set(["Select", "Insert", "Update", "Delete"].map((verb) => `dynamodb:PartiQL${verb}`)),
  );
});

test("a semicolon, and whatever stands in quotes, is part of one PartiQL statement", () => {
  const checks = dynamodbPartiql({ statement: ["SELECT * FROM A WHERE x = 'a; `b` -- c' ; "] }, call);
  expect(checks.map(({ action }) => action)).toEqual(["dynamodb:PartiQLSelect"]);
});

test("a key id of no known form is any key or alias", () => {
  expect(textsOf(kmsKey, { key: ["key/1234"] })).toEqual(["pattern arn:aws:kms:*"]);
});
