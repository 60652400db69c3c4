import { expect, test } from "vitest";
import { bedrockModel } from "../src/hooks/bedrock-model.ts";
import { dynamodbAttributes } from "../src/hooks/dynamodb-attributes.ts";
import { dynamodbPartiql } from "../src/hooks/dynamodb-partiql.ts";
import { ec2ResourceId } from "../src/hooks/ec2-resource-id.ts";
import type { HookMembers, ResourceHook } from "../src/hooks/hook.ts";
import { iamPath } from "../src/hooks/iam-path.ts";
import { kmsKey } from "../src/hooks/kms-key.ts";
import { lambdaFunction } from "../src/hooks/lambda-function.ts";
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

const blanks = " ".repeat(300_000);

test("blanks without end are read in time as their length", () => {
  const ofParameter = textsOf(ssmParameter, { name: [`${blanks}/a${blanks}b${blanks}`] });
  expect(ofParameter).toEqual([`arn:aws:ssm:eu-west-1:123456789012:parameter/a${blanks}b`]);
  for (const statement of [`DELETE FROM t${blanks}x`, `SELECT * FROM t${blanks}(`, `SELECT * FROM t a${blanks}(`]) {
    expect(dynamodbPartiql({ statement: [statement] }, call)).toHaveLength(4);
  }
  for (const [statement, action] of [
    [`DELETE FROM t${blanks};${blanks}`, "PartiQLDelete"],
    [`DELETE FROM t${blanks}WHERE a = 1`, "PartiQLDelete"],
    [`SELECT * FROM t${blanks};${blanks}`, "PartiQLSelect"],
    [`SELECT * FROM t${blanks}a${blanks}ORDER BY b`, "PartiQLSelect"],
    [`SELECT * FROM t`, "PartiQLSelect"],
  ]) {
    expect(dynamodbPartiql({ statement: [statement as string] }, call)).toEqual([
      { action: `dynamodb:${action}`, resource: { arn: "arn:aws:dynamodb:eu-west-1:123456789012:table/t" } },
    ]);
  }
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

test.each(["key/1234", "arn:aws:s3:::b"])("a key id of no known form, %s, is any key or alias", (key) => {
  expect(textsOf(kmsKey, { key: [key] })).toEqual(["pattern arn:aws:kms:*"]);
});

const models = (model: string | undefined, kind?: string): readonly string[] =>
  bedrockModel({ model: model === undefined ? [] : [model] }, call, kind).map((found) =>
    "arn" in found ? found.arn : "pattern" in found ? `pattern ${found.pattern}` : "none",
  );

test("models of Bedrock: none, and what stands behind profiles", () => {
  expect(models(undefined)).toEqual(["pattern arn:aws:bedrock:*"]);
  const own = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/own";
  expect(models(own)).toEqual([own, "pattern arn:aws:bedrock:*::foundation-model/*"]);
  expect(models("global.m")).toEqual([
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/global.m",
    "arn:aws:bedrock:eu-west-1::foundation-model/m",
    "arn:aws:bedrock:::foundation-model/m",
  ]);
  expect(models("global.m", "regional")).toHaveLength(2);
});

test("placeholders without names are not known", () => {
  expect(dynamodbAttributes({ expression: ["#a = :x"], placeholders: ["#a"] })).toBe("unknown");
});

test.each<[string, string]>([
  ["EXISTS(SELECT * FROM A WHERE x = 1)", "dynamodb:PartiQLSelect arn:aws:dynamodb:eu-west-1:123456789012:table/A"],
  [
    'DELETE FROM "arn:aws:dynamodb:eu-west-1:1:table/A" WHERE x = 1',
    "dynamodb:PartiQLDelete arn:aws:dynamodb:eu-west-1:1:table/A",
  ],
  ["EXISTS(DELETE FROM A)", "anything"],
  ["GRANT x TO y", "anything"],
  ["SELECT 1", "anything"],
  ["UPDATE", "anything"],
  ["UPDATE 'A' SET x = 1", "anything"],
])("%s: %s", (statement, wanted) => {
  const checks = dynamodbPartiql({ statement: [statement] }, call);
  const [first] = checks;
  expect(checks.length > 1 ? "anything" : `${first?.action} ${first && Object.values(first.resource)[0]}`).toBe(wanted);
});

test("an id of EC2 whose type is not known is of any type", () => {
  expect(textsOf(ec2ResourceId, { id: ["new-1"] })).toEqual(["pattern arn:aws:ec2:eu-west-1:123456789012:*/new-1"]);
});

test("roles by ARN, with their path, and without an account", () => {
  const arn = "arn:aws:iam::1:role/p/r";
  expect(textsOf(iamPath, { name: [arn] })).toEqual([arn]);
  expect(textsOf(iamPath, { name: ["r"], path: ["/p/"] })).toEqual(["arn:aws:iam::123456789012:role/p/r"]);
  const unsure = ["arn:aws:iam::123456789012:role/r", "pattern arn:aws:iam::123456789012:role/*/r"];
  expect(textsOf(iamPath, { name: ["r"], path: ["/p"] })).toEqual(unsure);
  const unknown = ["pattern arn:aws:iam::*:role/r", "pattern arn:aws:iam::*:role/*/r"];
  expect(textsOf(iamPath, { name: ["r"], path: ["/p/"] }, { ...call, account: undefined })).toEqual(unknown);
});

test.each<[readonly string[], readonly string[], string]>([
  [[], [], "pattern arn:aws:lambda:eu-west-1:123456789012:function:*"],
  [["f"], ["1"], "arn:aws:lambda:eu-west-1:123456789012:function:f:1"],
  [["function:f"], [], "arn:aws:lambda:eu-west-1:123456789012:function:f"],
  [["111122223333:function:f:1"], ["1"], "arn:aws:lambda:eu-west-1:111122223333:function:f:1"],
  [["arn:aws:lambda:eu-north-1:1:function:f"], [], "arn:aws:lambda:eu-north-1:1:function:f"],
  [["f:1"], ["2"], "pattern arn:aws:lambda:*"],
  [["a:b:c"], [], "pattern arn:aws:lambda:*"],
  [["a/b"], [], "pattern arn:aws:lambda:*"],
  [["arn:aws:s3:::b"], [], "pattern arn:aws:lambda:*"],
])("the function %j with qualifier %j is %s", (name, qualifier, wanted) => {
  expect(textsOf(lambdaFunction, { name, qualifier })).toEqual([wanted]);
});

test.each<[string, string]>([
  ["https://sqs.eu-west-1.amazonaws.com/111122223333/q", "arn:aws:sqs:eu-west-1:111122223333:q"],
  ["q", "arn:aws:sqs:eu-west-1:123456789012:q"],
  ["arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:eu-west-1:1:q"],
  ["https://host/a/b/c", "pattern arn:aws:sqs:*"],
])("the queue at %s is %s", (url, wanted) => {
  expect(textsOf(sqsQueue, { url: [url] })).toEqual([wanted]);
});

test("a path and a QueueUrl that name different queues have two readings", () => {
  const facts = { ...call, path: "/123456789012/a" };
  expect(textsOf(sqsQueue, { url: ["https://host/123456789012/a"] }, facts)).toEqual([
    "arn:aws:sqs:eu-west-1:123456789012:a",
  ]);
  expect(() => textsOf(sqsQueue, { url: ["https://host/123456789012/b"] }, facts)).toThrow(TwoReadings);
});

test("without an account, a name's own wildcards are text in the pattern", () => {
  expect(textsOf(ssmParameter, { name: ["a*"] }, { ...call, account: undefined })).toEqual([
    "pattern arn:aws:ssm:eu-west-1:*:parameter/a?",
  ]);
});

test("a document by its ARN is that", () => {
  const arn = "arn:aws:ssm:eu-west-1:1:document/d";
  expect(textsOf(ssmDocument, { name: [arn] })).toEqual([arn]);
});
