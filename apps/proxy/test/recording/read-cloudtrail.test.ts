import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { DecidedRecord } from "@iap/aws-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCloudTrail } from "../../src/recording/read-cloudtrail.ts";

let dir: string;
let passedOver: unknown[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-trail-"));
  passedOver = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const event = (eventID: string, eventSource = "s3.amazonaws.com", eventName = "HeadObject"): object => ({
  eventID,
  eventTime: "2026-11-24T09:00:00Z",
  eventSource,
  eventName,
  awsRegion: "eu-west-1",
  eventType: "AwsApiCall",
  recipientAccountId: "123456789012",
  userIdentity: { type: "IAMUser", arn: "arn:aws:iam::123456789012:user/dev" },
  requestParameters: { bucketName: "b", key: "k" },
});
async function read(...paths: string[]): Promise<DecidedRecord[]> {
  const records = await readCloudTrail(paths, (...told) => passedOver.push(told));
  return records.filter((record) => record.type === "decided");
}
const actions = (records: readonly DecidedRecord[]): unknown =>
  records.map(({ id, checks }) => [id, ...checks.map(({ action }) => action)]);

test("a folder as a trail puts it into its bucket: compressed, by account, region and day", async () => {
  const day = join(dir, "AWSLogs", "123456789012", "CloudTrail", "eu-west-1", "2026", "11", "24");
  const digest = join(dir, "AWSLogs", "123456789012", "CloudTrail-Digest", "eu-west-1");
  for (const folder of [day, digest]) mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(day, "a.json.gz"),
    gzipSync(JSON.stringify({ Records: [event("1"), event("2", "s3.amazonaws.com", "ListBuckets")] })),
  );
  writeFileSync(join(day, "b.json.gz"), gzipSync(JSON.stringify({ Records: [event("3")] })));
  writeFileSync(join(digest, "d.json.gz"), gzipSync("{}"));
  writeFileSync(join(day, "notes.txt"), "no log");
  expect(actions(await read(dir))).toEqual([
    ["1", "s3:GetObject"],
    ["2", "s3:ListAllMyBuckets"],
    ["3", "s3:GetObject"],
  ]);
  expect(passedOver).toEqual([]);
});

test.each<[string, string]>([
  ["a list", JSON.stringify([event("1")])],
  ["one event", JSON.stringify(event("1"))],
  ["JSON lines", `${JSON.stringify(event("1"))}\n\n`],
  [
    "what lookup-events prints",
    JSON.stringify({ Events: [{ EventId: "1", CloudTrailEvent: JSON.stringify(event("1")) }] }),
  ],
])("%s", async (_what, text) => {
  const file = join(dir, "trail.json");
  writeFileSync(file, text);
  expect(actions(await read(file))).toEqual([["1", "s3:GetObject"]]);
});

test("names that differ between event sources, services and IAM", async () => {
  const file = join(dir, "trail.json");
  writeFileSync(
    file,
    JSON.stringify([
      event("1", "monitoring.amazonaws.com", "PutMetricAlarm"),
      event("2", "elasticloadbalancing.amazonaws.com", "DescribeTargetGroups"),
      event("3", "states.amazonaws.com", "StartExecution"),
      event("4", "lambda.amazonaws.com", "ListFunctions20150331"),
      event("5", "sts.amazonaws.com", "GetCallerIdentity"),
      event("6", "unheard-of.amazonaws.com", "DoThing"),
    ]),
  );
  expect(actions(await read(file))).toEqual([
    ["1", "cloudwatch:PutMetricAlarm"],
    ["2", "elasticloadbalancing:DescribeTargetGroups"],
    ["3", "states:StartExecution"],
    ["4", "lambda:ListFunctions"],
    ["5"],
    ["6", "unheard-of:DoThing"],
  ]);
});

test.each<[string, string, string, unknown, readonly string[]]>([
  [
    "an object and its settings",
    "s3",
    "PutObject",
    { bucketName: "acme", key: "p", "x-amz-acl": "private", "x-amz-tagging": "a=b" },
    [
      "s3:PutObject arn:aws:s3:::acme/p",
      "s3:PutObjectTagging arn:aws:s3:::acme/p",
      "s3:PutObjectAcl arn:aws:s3:::acme/p",
    ],
  ],
  [
    "a version of an object",
    "s3",
    "GetObject",
    { bucketName: "acme", key: "a b+c", versionId: "v1" },
    ["s3:GetObjectVersion arn:aws:s3:::acme/a b+c"],
  ],
  [
    "both sides of a copy",
    "s3",
    "CopyObject",
    { bucketName: "acme", key: "c", "x-amz-copy-source": "src/dir/file%20x" },
    ["s3:PutObject arn:aws:s3:::acme/c", "s3:GetObject arn:aws:s3:::src/dir/file x"],
  ],
  [
    "objects that are not named",
    "s3",
    "DeleteObjects",
    { bucketName: "acme", delete: "" },
    ["s3:DeleteObject arn:aws:s3:::acme/*"],
  ],
  [
    "a bucket",
    "s3",
    "PutBucketEncryption",
    { bucketName: "acme", encryption: "" },
    ["s3:PutEncryptionConfiguration arn:aws:s3:::acme"],
  ],
  [
    "an event of S3 with another name",
    "s3",
    "PutBucketPublicAccessBlock",
    { bucketName: "acme", publicAccessBlock: "" },
    ["s3:PutBucketPublicAccessBlock arn:aws:s3:::acme"],
  ],
  [
    "an account's setting in S3",
    "s3",
    "GetAccountPublicAccessBlock",
    { accountId: "123456789012" },
    ["s3:GetAccountPublicAccessBlock *"],
  ],
  [
    "instances of EC2",
    "ec2",
    "StopInstances",
    { instancesSet: { items: [{ instanceId: "i-1" }, { instanceId: "i-2" }] } },
    [
      "ec2:StopInstances arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
      "ec2:StopInstances arn:aws:ec2:eu-west-1:123456789012:instance/i-2",
    ],
  ],
  [
    "tags of EC2",
    "ec2",
    "CreateTags",
    { resourcesSet: { items: [{ resourceId: "vpc-9" }] }, tagSet: { items: [{ key: "a", value: "b" }] } },
    ["ec2:CreateTags arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-9"],
  ],
  [
    "roles that are passed",
    "ecs",
    "RegisterTaskDefinition",
    { family: "web", taskRoleArn: "arn:aws:iam::123456789012:role/task" },
    [
      "ecs:RegisterTaskDefinition arn:aws:ecs:eu-west-1:123456789012:task-definition/web:*",
      "iam:PassRole arn:aws:iam::123456789012:role/task",
    ],
  ],
  [
    "the role and not its policy",
    "iam",
    "AttachRolePolicy",
    { roleName: "app", policyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
    [
      "iam:AttachRolePolicy arn:aws:iam::123456789012:role/app",
      "iam:AttachRolePolicy arn:aws:iam::123456789012:role/*/app",
    ],
  ],
  [
    "a name with a capital inside",
    "rds",
    "DeleteDBInstance",
    { dBInstanceIdentifier: "db1" },
    ["rds:DeleteDBInstance arn:aws:rds:eu-west-1:123456789012:db:db1"],
  ],
  [
    "a path of API Gateway",
    "apigateway",
    "CreateDeployment",
    { restApiId: "abc", createDeploymentInput: {} },
    ["apigateway:POST arn:aws:apigateway:eu-west-1::/restapis/abc/deployments"],
  ],
  [
    "an operation of the service's runtime",
    "bedrock",
    "InvokeModel",
    { modelId: "m" },
    ["bedrock:InvokeModel arn:aws:bedrock:eu-west-1::foundation-model/m"],
  ],
  ["a service of another name", "servicequotas", "ListServices", null, ["servicequotas:ListServices *"]],
])("%s", async (_what, source, name, requestParameters, needs) => {
  const file = join(dir, "trail.json");
  writeFileSync(file, JSON.stringify({ ...event("1", `${source}.amazonaws.com`, name), requestParameters }));
  const [record] = await read(file);
  const told = record?.checks.map(({ action, resource }) => {
    const on = "none" in resource ? "*" : "pattern" in resource ? resource.pattern : resource.arn;
    return `${action} ${on}`;
  });
  expect(told?.sort()).toEqual([...needs].sort());
});

test("an event that two trails have logged counts once", async () => {
  for (const name of ["a.json", "b.json"]) writeFileSync(join(dir, name), JSON.stringify({ Records: [event("1")] }));
  expect(await read(dir)).toHaveLength(1);
});

test("what cannot be read is told and passed over", async () => {
  const [lines, broken] = [join(dir, "lines.json"), join(dir, "broken.json.gz")];
  writeFileSync(lines, `${JSON.stringify(event("1"))}\ntorn\n{}\n`);
  writeFileSync(broken, "not gzip");
  expect(await read(dir)).toHaveLength(1);
  expect(passedOver).toEqual([
    [broken, undefined, expect.stringContaining("incorrect header check")],
    [lines, 2, "it is not JSON"],
    [lines, 3, expect.stringContaining("it is not a CloudTrail event")],
  ]);
});

test("a path that is not there is an error", async () => {
  await expect(read(join(dir, "absent"))).rejects.toMatchObject({ code: "ENOENT" });
});
