import type { Check, DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { recordsFromCloudTrail, type TrailOperation } from "../src/cloudtrail.ts";
import { generatePolicy } from "../src/generate-policy.ts";

const table: Readonly<Record<string, TrailOperation>> = {
  "s3 ListBuckets": { prefix: "s3", actions: [{ name: "s3:ListAllMyBuckets", hasResource: false }] },
  "s3 ListObjects": { prefix: "s3", actions: [{ name: "s3:ListBucket", hasResource: true }] },
  "s3 PutObject": {
    prefix: "s3",
    actions: [
      { name: "s3:PutObject", hasResource: true },
      { name: "s3:PutObjectAcl", hasResource: true },
    ],
  },
  "lambda CreateFunction": {
    prefix: "lambda",
    actions: [
      { name: "lambda:CreateFunction", hasResource: true },
      { name: "iam:PassRole", hasResource: true },
      { name: "ec2:DescribeVpcs", hasResource: false },
    ],
  },
  "dynamodb TransactWriteItems": {
    prefix: "dynamodb",
    actions: [
      { name: "dynamodb:PutItem", hasResource: true },
      { name: "dynamodb:DeleteItem", hasResource: true },
      { name: "dynamodb:TagResource", hasResource: true },
    ],
  },
  "sts GetCallerIdentity": { prefix: "sts", marker: "permissionless", actions: [] },
};

const event = (eventSource: string, eventName: string, more: object = {}): object => ({
  eventVersion: "1.11",
  eventID: "e-1",
  eventTime: "2026-11-24T09:00:00Z",
  eventSource,
  eventName,
  awsRegion: "eu-west-1",
  eventType: "AwsApiCall",
  recipientAccountId: "123456789012",
  requestID: "R1",
  userIdentity: {
    type: "AssumedRole",
    arn: "arn:aws:sts::123456789012:assumed-role/ci/build-7",
    accessKeyId: "ASIAEXAMPLE",
  },
  ...more,
});

function read(of: object): readonly [DecidedRecord, FinishedRecord] {
  const records = recordsFromCloudTrail(of, { operation: ({ source, name }) => table[`${source} ${name}`] });
  if (typeof records === "string") throw new Error(records);
  return records;
}
const checksOf = (of: object): unknown =>
  read(of)[0].checks.map(({ action, resource }) => [action, Object.values(resource)[0]]);

test("an event is the two records of a request", () => {
  const [decided, finished] = read(event("s3.amazonaws.com", "ListBuckets"));
  expect(decided).toMatchObject({
    type: "decided",
    id: "e-1",
    time: "2026-11-24T09:00:00.000Z",
    agent: "build-7",
    accessKeyId: "ASIAEXAMPLE",
    service: "s3",
    operations: ["ListBuckets"],
    region: "eu-west-1",
    checks: [
      {
        action: "s3:ListAllMyBuckets",
        resource: { none: true },
        context: { "aws:RequestedRegion": "eu-west-1" },
        authoritative: ["aws:RequestedRegion"],
      },
    ],
    forwarded: true,
  });
  expect(finished).toMatchObject({ type: "finished", id: "e-1", status: 200, requestId: "R1" });
});

test.each([
  ["AccessDenied", 403],
  ["Client.UnauthorizedOperation", 403],
  ["NoSuchKey", 400],
])("the error %s is a status of %d", (errorCode, status) => {
  expect(read(event("s3.amazonaws.com", "ListBuckets", { errorCode }))[1]).toMatchObject({ status, errorCode });
});

describe("the resource is", () => {
  test.each<[string, object, unknown]>([
    [
      "an object",
      event("s3.amazonaws.com", "PutObject", { requestParameters: { bucketName: "b", key: "a/b*c" } }),
      [["s3:PutObject", "arn:aws:s3:::b/a/b*c"]],
    ],
    [
      "a bucket, though there is a prefix",
      event("s3.amazonaws.com", "ListObjects", { requestParameters: { bucketName: "b", prefix: "a/" } }),
      [["s3:ListBucket", "arn:aws:s3:::b"]],
    ],
    [
      "what the event lists",
      event("kms.amazonaws.com", "Decrypt", {
        resources: [{ ARN: "arn:aws:kms:eu-west-1:1:key/k", type: "AWS::KMS::Key" }],
      }),
      [["kms:Decrypt", "arn:aws:kms:eu-west-1:1:key/k"]],
    ],
    [
      "an ARN among the parameters",
      event("states.amazonaws.com", "StartExecution", {
        requestParameters: { stateMachineArn: "arn:aws:states:eu-west-1:1:stateMachine:m" },
      }),
      [["states:StartExecution", "arn:aws:states:eu-west-1:1:stateMachine:m"]],
    ],
    [
      "made of a name",
      event("dynamodb.amazonaws.com", "DescribeTable", { requestParameters: { tableName: "orders" } }),
      [["dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"]],
    ],
    [
      "of China where the region is",
      event("s3.amazonaws.com", "PutObject", {
        awsRegion: "cn-north-1",
        requestParameters: { bucketName: "b", key: "k" },
      }),
      [["s3:PutObject", "arn:aws-cn:s3:::b/k"]],
    ],
    ["not told", event("glue.amazonaws.com", "GetThing"), [["glue:GetThing", "*"]]],
    ["of the service's prefix", event("monitoring.amazonaws.com", "PutThing"), [["cloudwatch:PutThing", "*"]]],
  ])("%s", (_what, of, checks) => {
    expect(checksOf(of)).toEqual(checks);
  });
});

describe("what the table says of the call", () => {
  const key = "arn:aws:kms:eu-west-1:123456789012:key/k";
  const anyKey = { pattern: "arn:aws:kms:eu-west-1:123456789012:key/*", why: "the request does not name the key" };
  const told = (name: string, checks: readonly Check[], more: object = {}): DecidedRecord => {
    const of = event("kms.amazonaws.com", name, {
      resources: [{ ARN: key }, { ARN: "arn:aws:iam::1:role/r" }],
      ...more,
    });
    const records = recordsFromCloudTrail(of, { operation: () => ({ prefix: "kms", actions: [], checks }) });
    if (typeof records === "string") throw new Error(records);
    return records[0];
  };
  const checkOf = (action: string): Check => ({
    action,
    resource: anyKey,
    context: { "kms:RequestAlias": "alias/a" },
    authoritative: ["kms:*"],
  });

  test("is narrowed to what the event lists, and has the keys that CloudTrail tells", () => {
    expect(told("Decrypt", [checkOf("kms:Decrypt")]).checks).toEqual([
      {
        action: "kms:Decrypt",
        resource: { arn: key },
        context: { "aws:RequestedRegion": "eu-west-1", "kms:RequestAlias": "alias/a" },
        authoritative: ["aws:RequestedRegion", "kms:RequestAlias"],
      },
    ]);
  });

  test("is not narrowed where the names in it are none that a policy can hold", () => {
    const named = { pattern: "arn:aws:kms:eu-west-1:1:alias/\u540d*", why: "not told" };
    expect(told("Decrypt", [{ ...checkOf("kms:Decrypt"), resource: named }]).checks).toMatchObject([
      { resource: named },
    ]);
  });

  test("is not narrowed to what was created", () => {
    expect(told("CreateKey", [checkOf("kms:TagResource")]).checks).toMatchObject([{ resource: anyKey }]);
  });

  test("says through which service its caller asked", () => {
    const userIdentity = { type: "IAMUser", arn: "arn:aws:iam::1:user/dev", invokedBy: "s3.amazonaws.com" };
    expect(told("Decrypt", [checkOf("kms:Decrypt")], { userIdentity }).checks).toMatchObject([
      { context: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } },
    ]);
  });
});

test("a session's role is that of its issuer", () => {
  const sessionIssuer = { type: "Role", arn: "arn:aws:iam::123456789012:role/team/ci" };
  const [{ role }] = read(
    event("s3.amazonaws.com", "ListBuckets", {
      userIdentity: { type: "AssumedRole", arn: "arn:aws:sts::1:assumed-role/ci/x", sessionContext: { sessionIssuer } },
    }),
  );
  expect(role).toBe("arn:aws:iam::123456789012:role/team/ci");
});

test("a version at the end of an event's name is not the operation's, and a role that is passed is in the parameters", () => {
  const role = "arn:aws:iam::123456789012:role/fn";
  const of = event("lambda.amazonaws.com", "CreateFunction20150331", {
    requestParameters: { functionName: "f", role },
  });
  expect(checksOf(of)).toEqual([
    ["lambda:CreateFunction", "arn:aws:lambda:eu-west-1:123456789012:function:f"],
    ["iam:PassRole", role],
  ]);
});

test("an operation without an action of its own name has those of its service that neither tag nor hand out permissions", () => {
  const of = event("dynamodb.amazonaws.com", "TransactWriteItems", {
    resources: [{ ARN: "arn:aws:dynamodb:eu-west-1:1:table/a" }, { ARN: "arn:aws:dynamodb:eu-west-1:1:table/b" }],
  });
  expect(checksOf(of)).toEqual([
    ["dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:1:table/a"],
    ["dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:1:table/b"],
    ["dynamodb:DeleteItem", "arn:aws:dynamodb:eu-west-1:1:table/a"],
    ["dynamodb:DeleteItem", "arn:aws:dynamodb:eu-west-1:1:table/b"],
  ]);
});

test.each<[string, unknown, string]>([
  ["null", null, "it is not an event"],
  ["an object", {}, "it is not a CloudTrail event"],
  ["a time that is none", event("s3.amazonaws.com", "X", { eventTime: "soon" }), "its eventTime is not a time"],
  [
    "a sign-in",
    event("signin.amazonaws.com", "ConsoleLogin", { eventType: "AwsConsoleSignIn" }),
    "it is not an API call",
  ],
  [
    "an AWS service's own doing",
    event("s3.amazonaws.com", "X", { userIdentity: { type: "AWSService" } }),
    "an AWS service did it",
  ],
])("%s is passed over, with the reason", (_what, of, why) => {
  expect(recordsFromCloudTrail(of, { operation: () => undefined })).toEqual(expect.stringContaining(why));
});

test("a policy is made of events, and what they do not tell is a declared wildcard", () => {
  const records = [
    event("s3.amazonaws.com", "PutObject", { eventID: "1", requestParameters: { bucketName: "b", key: "k" } }),
    event("glue.amazonaws.com", "GetThing", { eventID: "2" }),
    event("sts.amazonaws.com", "GetCallerIdentity", { eventID: "3" }),
    event("glue.amazonaws.com", "DeleteThing", { eventID: "4", errorCode: "AccessDenied" }),
  ].flatMap(read);
  const { policy, report } = generatePolicy(records);
  expect(policy.Statement).toEqual([
    {
      Sid: "GlueRead",
      Effect: "Allow",
      Action: ["glue:GetThing"],
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
    },
    { Sid: "S3WriteObject", Effect: "Allow", Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::b/k"] },
  ]);
  expect(report.declaredWildcards).toMatchObject([
    { resource: "*", why: "no operation of this name is known: its action is taken to be called like the event" },
  ]);
});
