import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createResolver, type Shard } from "../src/index.ts";
import { form, resolve, resolver, scoped, short } from "./support.ts";

const smithy = [["smithy-protocol", "rpc-v2-cbor"]] as const;
const target = (value: string) => [["X-Amz-Target", value]] as const;

describe("each wire protocol names its operation", () => {
  test("JSON 1.0 and 1.1 by X-Amz-Target", async () => {
    const get = await resolve({
      method: "POST",
      host: "dynamodb.us-east-1.amazonaws.com",
      headers: target("DynamoDB_20120810.GetItem"),
    });
    expect(get).toMatchObject({
      service: "dynamodb",
      operations: ["GetItem"],
      protocol: "awsJson1_0",
      region: "us-east-1",
    });
    expect(get.marker).toBeUndefined();
    expect(short(get)).toEqual([["dynamodb:GetItem", "~arn:aws:dynamodb:us-east-1:*:table/*"]]);

    const secret = await resolve({
      method: "POST",
      host: "secretsmanager.us-east-1.amazonaws.com",
      headers: target("secretsmanager.GetSecretValue"),
    });
    expect(secret).toMatchObject({ operations: ["GetSecretValue"], protocol: "awsJson1_1" });
  });

  test("query by Action and Version, in the body or in the URL", async () => {
    const body = "Action=ListUsers&Version=2010-05-08";
    const host = "iam.amazonaws.com";
    for (const call of [
      await resolve({ method: "POST", host, headers: form, body }),
      await resolve({ method: "GET", host, target: `/?${body}` }),
      await resolve({ method: "POST", host, target: `/?${body}` }),
      await resolve({ method: "POST", host, target: `/?${body}`, headers: form, body }),
      await resolve({ method: "POST", host, headers: form, body: "%41ction=List%55sers&Version=2010-05-08" }),
    ]) {
      expect(call).toMatchObject({ operations: ["ListUsers"], protocol: "awsQuery", service: "iam" });
      expect(call.marker).toBeUndefined();
    }
  });

  test("EC2's query", async () => {
    const call = await resolve({
      method: "POST",
      host: "ec2.us-east-1.amazonaws.com",
      headers: form,
      body: "Action=DescribeInstances&Version=2016-11-15",
    });
    expect(call).toMatchObject({ operations: ["DescribeInstances"], protocol: "ec2Query" });
    expect(short(call)).toEqual([["ec2:DescribeInstances", "none"]]);
  });

  test("REST by method and path", async () => {
    const call = await resolve({
      method: "POST",
      host: "lambda.us-east-1.amazonaws.com",
      target: "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations",
    });
    expect(call).toMatchObject({ operations: ["Invoke"], protocol: "restJson1" });
    expect(short(call)).toEqual([["lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:f"]]);
  });

  test("REST XML with a literal query key", async () => {
    const host = "cloudfront.amazonaws.com";
    const plain = await resolve({ method: "POST", host, target: "/2020-05-31/distribution" });
    const tagged = await resolve({ method: "POST", host, target: "/2020-05-31/distribution?WithTags" });
    expect(plain).toMatchObject({ operations: ["CreateDistribution"], protocol: "restXml" });
    expect(tagged.operations).toEqual(["CreateDistributionWithTags"]);
    expect(short(tagged).map(([action]) => action)).toEqual([
      "cloudfront:CreateDistribution",
      "cloudfront:TagResource",
    ]);
  });

  test("CBOR, JSON and query are three ways to the same CloudWatch operation", async () => {
    const host = "monitoring.us-east-1.amazonaws.com";
    const path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    const calls = [
      await resolve({ method: "POST", host, target: path, headers: smithy }),
      await resolve({ method: "POST", host, headers: target("GraniteServiceVersion20100801.PutMetricData") }),
      await resolve({ method: "POST", host, headers: form, body: "Action=PutMetricData&Version=2010-08-01" }),
    ];
    expect(calls.map(({ protocol }) => protocol)).toEqual(["rpcV2Cbor", "awsJson1_0", "awsQuery"]);
    for (const call of calls) {
      expect(call).toMatchObject({ service: "cloudwatch", operations: ["PutMetricData"] });
      expect(short(call)[0]?.[0]).toBe("cloudwatch:PutMetricData");
    }
  });

  test("SQS answers JSON and the query of older SDKs, at its legacy hosts too", async () => {
    const json = await resolve({
      method: "POST",
      host: "sqs.us-east-1.amazonaws.com",
      headers: target("AmazonSQS.SendMessageBatch"),
    });
    const query = await resolve({
      method: "POST",
      host: "queue.amazonaws.com",
      target: "/123456789012/q",
      headers: form,
      body: "Action=SendMessageBatch&Version=2012-11-05",
    });
    for (const call of [json, query]) expect(short(call).map(([action]) => action)).toEqual(["sqs:SendMessage"]);
    expect([json.protocol, query.protocol]).toEqual(["awsJson1_0", "awsQuery"]);
  });

  test("the version tells services of one signing name apart", async () => {
    const host = "elasticloadbalancing.us-east-1.amazonaws.com";
    const describe = (version: string) =>
      resolve({ method: "POST", host, headers: form, body: `Action=DescribeTargetGroups&Version=${version}` });
    expect((await describe("2015-12-01")).operations).toEqual(["DescribeTargetGroups"]);
    expect((await describe("2012-06-01")).marker).toBe("unknown");
  });

  test("the host tells services of one signing name apart", async () => {
    const call = (host: string) => resolve({ method: "GET", host, target: "/tags/x" });
    expect((await call("bedrock-agent.us-east-1.amazonaws.com")).operations).toEqual(["ListTagsForResource"]);
    expect((await call("bedrock-runtime.us-east-1.amazonaws.com")).marker).toBe("unknown");
  });

  test("services that are the same on the wire give the union of their checks, once", async () => {
    const call = await resolve({
      method: "POST",
      host: "rds.us-east-1.amazonaws.com",
      headers: form,
      body: "Action=DescribeDBClusters&Version=2014-10-31",
    });
    expect(call.operations).toEqual(["DescribeDBClusters"]);
    expect(call.checks).toHaveLength(1);
  });

  test("the region of the host is the requested region, and known completely", async () => {
    const call = await resolve({
      host: "lambda.eu-west-1.amazonaws.com",
      target: "/2015-03-31/functions",
      region: "eu-west-1",
    });
    expect(call.checks[0]).toMatchObject({
      context: { "aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": true },
      authoritative: ["aws:RequestedRegion", "aws:SecureTransport", "aws:UserAgent", "aws:RequestTag/*", "aws:TagKeys"],
    });
    const global = await resolve({ host: "b.s3.amazonaws.com", target: "/k", region: "eu-west-1" });
    expect(global).toMatchObject({ region: "eu-west-1" });
    expect(global.checks[0]?.context).not.toHaveProperty("aws:RequestedRegion");
    expect(global.checks[0]?.authoritative).not.toContain("aws:RequestedRegion");
  });
});

describe("markers", () => {
  test("an operation that needs no permission has no checks and says so", async () => {
    const call = await resolve({
      method: "POST",
      host: "sts.amazonaws.com",
      headers: form,
      body: "Action=GetCallerIdentity&Version=2011-06-15",
    });
    expect(call).toMatchObject({ operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] });
    const endpoints = await resolve({
      method: "POST",
      host: "dynamodb.us-east-1.amazonaws.com",
      headers: target("DynamoDB_20120810.DescribeEndpoints"),
    });
    expect(endpoints).toMatchObject({ operations: ["DescribeEndpoints"], marker: "permissionless", checks: [] });
  });

  test("an unsigned operation is marked, and keeps the action it has", async () => {
    const call = await resolve({
      method: "POST",
      host: "sts.us-east-1.amazonaws.com",
      headers: form,
      body: "Action=AssumeRoleWithWebIdentity&Version=2011-06-15",
    });
    expect(call.marker).toBe("unsigned");
    expect(short(call)).toEqual([["sts:AssumeRoleWithWebIdentity", "~*"]]);
  });

  test("an operation with a bearer token is marked", async () => {
    const call = await resolve({
      host: "portal.sso.us-east-1.amazonaws.com",
      target: "/federation/credentials?role_name=r&account_id=1",
    });
    expect(call).toMatchObject({ operations: ["GetRoleCredentials"], marker: "bearer", service: "sso" });
  });

  test.each([
    ["an operation AWS does not have", { headers: target("DynamoDB_20120810.ReadMinds") }],
    ["another service's target", { headers: target("AmazonSQS.SendMessage") }],
    ["a target without a dot", { headers: target("GetItem") }],
    ["a target that is percent-encoded", { headers: target("DynamoDB_20120810.Get%49tem") }],
    ["no selector at all", {}],
    ["a name of Object.prototype", { headers: target("DynamoDB_20120810.constructor") }],
    ["a prototype name", { headers: target("DynamoDB_20120810.__proto__") }],
  ])("%s is unknown, with a reason and no checks", async (_, parts) => {
    const call = await resolve({ method: "POST", host: "dynamodb.us-east-1.amazonaws.com", ...parts });
    expect(call).toMatchObject({ marker: "unknown", operations: [], checks: [] });
    expect(call.why).toBeTruthy();
  });

  test("an operation named without its version is unknown, and keeps its name for guards", async () => {
    const call = await resolve({ method: "POST", host: "sts.amazonaws.com", headers: form, body: "Action=AssumeRole" });
    expect(call).toMatchObject({ marker: "unknown", operations: ["AssumeRole"], checks: [] });
  });

  test("a reason is short, and printable whatever the request holds", async () => {
    const call = await resolve({ host: "b.s3.amazonaws.com", target: `/k?${"%0a".repeat(2000)}x` });
    expect(call.why).toMatch(/^[\x20-\x7e…]{1,401}$/);
  });

  test("a path that no operation has is unknown", async () => {
    const call = await resolve({ host: "lambda.us-east-1.amazonaws.com", target: "/2099-01-01/new-things" });
    expect(call).toMatchObject({
      marker: "unknown",
      checks: [],
      why: expect.stringContaining("GET /2099-01-01/new-things"),
    });
  });

  test("S3 Control signed for a service that has no such operations is unknown", async () => {
    const host = "123456789012.s3-control.us-east-1.amazonaws.com";
    const call = await resolve({ host, target: "/v20180820/jobs", service: "s3-object-lambda" });
    expect(call).toMatchObject({ marker: "unknown", checks: [] });
  });

  test("an operation whose actions are not known is named and marked", async () => {
    const call = await resolve({
      method: "POST",
      host: "glue.us-east-1.amazonaws.com",
      headers: target("AWSGlue.CreateGlossary"),
    });
    expect(call).toMatchObject({ operations: ["CreateGlossary"], marker: "unknown", checks: [] });
  });

  test("a signing name that AWS does not have is unknown, and needs no table", async () => {
    const call = await resolve({ host: "lambda.us-east-1.amazonaws.com", service: "constructor" });
    expect(call).toMatchObject({ marker: "unknown", service: "constructor", checks: [] });
  });

  test("a customer's endpoint is not read as AWS's API", async () => {
    const call = await resolve({
      host: "abc.lambda-url.us-east-1.on.aws",
      target: "/2015-03-31/functions",
      service: "lambda",
    });
    expect(call.operations).toEqual(["InvokeFunctionUrl"]);
  });
});

describe("two readings are ambiguous", () => {
  const cloudwatch = "monitoring.us-east-1.amazonaws.com";
  const iam = "iam.amazonaws.com";
  const list = "Action=ListUsers&Version=2010-05-08";
  test.each([
    [
      "X-Amz-Target twice",
      {
        host: "dynamodb.us-east-1.amazonaws.com",
        headers: [...target("DynamoDB_20120810.GetItem"), ...target("DynamoDB_20120810.PutItem")],
      },
    ],
    [
      "Action in URL and body, differing",
      { host: iam, target: `/?${list}`, headers: form, body: "Action=CreateUser&Version=2010-05-08" },
    ],
    [
      "Version in URL and body, differing",
      { host: iam, target: `/?${list}`, headers: form, body: "Version=2011-01-01" },
    ],
    ["Action twice in the body", { host: iam, headers: form, body: `${list}&Action=ListUsers` }],
    ["Action twice in the URL", { host: iam, target: `/?${list}&Action=ListUsers` }],
    ["a second Action, percent-encoded", { host: iam, headers: form, body: `${list}&%41ction=CreateUser` }],
    ["a body that does not decode", { host: iam, headers: form, body: `${list}&Action=%zz` }],
    ["a query string that does not decode", { host: iam, target: "/?Action=%ff" }],
    [
      "an account in the host and another in a header",
      {
        host: "123456789012.s3-control.us-east-1.amazonaws.com",
        method: "DELETE",
        target: "/v20180820/accesspoint/p",
        headers: [["x-amz-account-id", "999999999999"]] as const,
      },
    ],
    ["a body that is no form", { host: iam, headers: [["Content-Type", "text/plain"]] as const, body: list }],
    ["two content types", { host: iam, headers: [...form, ...form], body: list }],
    ["a body with an encoding", { host: iam, headers: [...form, ["Content-Encoding", "br"]] as const, body: list }],
    [
      "a compressed body of an operation that has none",
      { host: iam, headers: [...form, ["Content-Encoding", "gzip"]] as const, body: gzipSync(list) },
    ],
    ["a body that is not gzip", { host: iam, headers: [...form, ["Content-Encoding", "gzip"]] as const, body: list }],
    ["a method override", { host: iam, headers: [...form, ["X-HTTP-Method-Override", "DELETE"]] as const, body: list }],
    ["a body that was not read", { host: iam, headers: form, streaming: true }],
    [
      "X-Amz-Target and a path of CBOR, differing",
      {
        host: cloudwatch,
        target: "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        headers: [...smithy, ...target("GraniteServiceVersion20100801.DeleteAlarms")],
      },
    ],
    [
      "X-Amz-Target and Action, differing",
      {
        host: cloudwatch,
        headers: [...form, ...target("GraniteServiceVersion20100801.ListMetrics")],
        body: "Action=DeleteAlarms&Version=2010-08-01",
      },
    ],
    [
      "a CBOR path without its header",
      { host: cloudwatch, target: "/service/GraniteServiceVersion20100801/operation/PutMetricData" },
    ],
    [
      "the CBOR header without its path",
      { host: cloudwatch, headers: [...smithy, ...target("GraniteServiceVersion20100801.ListMetrics")] },
    ],
    [
      "REST and Action at a host that has both",
      {
        host: "email.us-east-1.amazonaws.com",
        target: "/v2/email/identities",
        headers: form,
        body: "Action=DeleteIdentity&Version=2010-12-01",
      },
    ],
    [
      "X-Amz-Target at a service of forms, differing",
      { host: iam, headers: [...form, ...target("AWSIdentityManagementV20100508.DeleteUser")], body: list },
    ],
    [
      "X-Amz-Target at a REST service, differing",
      { host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functions", headers: target("AWSLambda.Invoke") },
    ],
    [
      "X-Amz-Target at S3, differing",
      { host: "b.s3.us-east-1.amazonaws.com", method: "GET", target: "/k", headers: target("AmazonS3.DeleteObject") },
    ],
    [
      "Action beside X-Amz-Target, differing",
      {
        host: "dynamodb.us-east-1.amazonaws.com",
        target: "/?Action=DeleteTable&Version=2012-08-10",
        headers: target("DynamoDB_20120810.ListTables"),
        body: "{}",
      },
    ],
    [
      "a CBOR path at a service without CBOR, differing",
      {
        host: "kms.us-east-1.amazonaws.com",
        target: "/service/TrentService/operation/ScheduleKeyDeletion",
        headers: target("TrentService.ListKeys"),
        body: "{}",
      },
    ],
    [
      "X-Amz-Target with a form that has no Action",
      {
        host: "sqs.us-east-1.amazonaws.com",
        headers: [...form, ...target("AmazonSQS.ListQueues")],
        body: "QueueNamePrefix=a",
      },
    ],
    ["Action in other letter case beside it", { host: iam, headers: form, body: `${list}&action=CreateUser` }],
    [
      "Version in other letter case, in the URL",
      { host: iam, target: `/?version=2010-05-08`, headers: form, body: list },
    ],
    [
      "a form in another character set",
      {
        host: iam,
        headers: [["Content-Type", "application/x-www-form-urlencoded; charset=utf-16"]] as const,
        body: list,
      },
    ],
    ["a dot segment", { host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functions/f/../g/invocations" }],
    [
      "an encoded dot segment",
      { host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functions/%2e%2e/invocations" },
    ],
    ["an empty segment", { host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31//functions/f/invocations" }],
    [
      "a fixed part that is percent-encoded",
      { host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functi%6fns/f/invocations" },
    ],
    [
      "a selecting query key twice",
      { host: "cloudfront.amazonaws.com", target: "/2020-05-31/tagging?Operation=Tag&Operation=Untag" },
    ],
  ])("%s", async (_, parts) => {
    const call = await resolve({ method: "POST", ...parts });
    expect(call).toMatchObject({ marker: "ambiguous", checks: [] });
    expect(call.why).toBeTruthy();
  });

  const sqs = "sqs.us-east-1.amazonaws.com";
  const queue = (name: string) => `https://${sqs}/123456789012/${name}`;
  const inUrl = `/?Action=SendMessage&Version=2012-11-05&QueueUrl=${encodeURIComponent(queue("b"))}`;
  test.each([
    [
      "X-Amz-Target and a form",
      {
        host: cloudwatch,
        headers: [...form, ...target("GraniteServiceVersion20100801.ListMetrics")],
        body: "Action=ListMetrics&Version=2010-08-01",
      },
    ],
    [
      "X-Amz-Target and the query of the URL, each with a queue",
      {
        host: sqs,
        target: inUrl,
        headers: target("AmazonSQS.SendMessage"),
        body: JSON.stringify({ QueueUrl: queue("a") }),
      },
    ],
    [
      "a query in the URL and a body that is no form",
      { host: sqs, target: inUrl, headers: [["Content-Type", "text/plain"]] as const, body: `QueueUrl=${queue("a")}` },
    ],
    [
      "Action beside X-Amz-Target at a service without forms",
      {
        host: "dynamodb.us-east-1.amazonaws.com",
        target: "/?Action=DeleteTable&TableName=b",
        headers: target("DynamoDB_20120810.DeleteTable"),
        body: '{"TableName":"a"}',
      },
    ],
    [
      "X-Amz-Target at S3",
      { host: "b.s3.us-east-1.amazonaws.com", method: "GET", target: "/k", headers: target("AmazonS3.GetObject") },
    ],
  ])("selectors that agree, each with members of its own: %s", async (_, parts) => {
    expect(await resolve({ method: "POST", ...parts })).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test.each([
    ["a query parameter in other letter case", "/2015-03-31/functions/f/invocations?qualifier=PROD"],
    ["a semicolon in the path", "/2015-03-31/functions/f;x=y/invocations"],
  ])("%s", async (_, path) => {
    const call = await resolve({ method: "POST", host: "lambda.us-east-1.amazonaws.com", target: path });
    expect(call).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test.each([
    [
      "two members of gzip",
      Buffer.concat([gzipSync("Action=PutMetricData&Version=2010-08-01&Namespace=a"), gzipSync("b")]),
    ],
    [
      "gzip with something behind it",
      Buffer.concat([gzipSync("Action=PutMetricData&Version=2010-08-01"), Buffer.of(0)]),
    ],
  ])("%s", async (_, body) => {
    const headers = [...form, ["Content-Encoding", "gzip"]] as const;
    const call = await resolve({ method: "POST", host: cloudwatch, headers, body });
    expect(call).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test.each(["/restapis/%61bc", "/restapis/abc/", "/restapis/a:b", "/tags/arn%3aaws"])(
    "%s, which is authorised as it stands, in an unusual spelling",
    async (path) => {
      const call = await resolve({ method: "GET", host: "apigateway.us-east-1.amazonaws.com", target: path });
      expect(call).toMatchObject({ marker: "ambiguous", checks: [] });
    },
  );

  test("one is", async () => {
    const headers = [["User-Agent", "a"]] as const;
    const call = await resolve({ host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functions", headers });
    expect(call.checks[0]?.context).toHaveProperty("aws:UserAgent", "a");
  });

  test("two User-Agents are not known", async () => {
    const call = await resolve({
      host: "lambda.us-east-1.amazonaws.com",
      target: "/2015-03-31/functions",
      headers: [
        ["User-Agent", "a"],
        ["user-agent", "b"],
      ],
    });
    expect(call.checks[0]?.context).not.toHaveProperty("aws:UserAgent");
    expect(call.checks[0]?.authoritative).not.toContain("aws:UserAgent");
  });

  test("CloudWatch's PutMetricData may be compressed", async () => {
    const call = await resolve({
      method: "POST",
      host: cloudwatch,
      headers: [...form, ["Content-Encoding", "gzip"]],
      body: gzipSync("Action=PutMetricData&Version=2010-08-01&Namespace=n"),
    });
    expect(call).toMatchObject({ operations: ["PutMetricData"], protocol: "awsQuery" });
    expect(call.marker).toBeUndefined();
  });
});

describe("needsBody", () => {
  const needs = async (parts: Parameters<typeof scoped>[0]) => {
    const request = scoped(parts);
    await resolver.load(request.scope.service);
    return resolver.needsBody(request);
  };
  test.each([
    ["a query POST", { method: "POST", host: "iam.amazonaws.com", headers: form }, true],
    ["a query GET", { method: "GET", host: "iam.amazonaws.com" }, false],
    ["EC2", { method: "POST", host: "ec2.us-east-1.amazonaws.com", headers: form }, true],
    ["a query POST without a content type", { method: "POST", host: "sts.amazonaws.com" }, true],
    [
      "JSON",
      { method: "POST", host: "dynamodb.us-east-1.amazonaws.com", headers: target("DynamoDB_20120810.GetItem") },
      true,
    ],
    [
      "JSON without a member that matters",
      { method: "POST", host: "dynamodb.us-east-1.amazonaws.com", headers: target("DynamoDB_20120810.ListTables") },
      false,
    ],
    [
      "JSON of a service that has query too",
      {
        method: "POST",
        host: "sqs.us-east-1.amazonaws.com",
        headers: [["Content-Type", "application/x-amz-json-1.0"]] as const,
      },
      false,
    ],
    [
      "a form to a service that has query too",
      { method: "POST", host: "sqs.us-east-1.amazonaws.com", headers: form },
      true,
    ],
    [
      "REST",
      { method: "POST", host: "lambda.us-east-1.amazonaws.com", target: "/2015-03-31/functions/f/invocations" },
      false,
    ],
    ["an S3 object", { method: "PUT", host: "b.s3.amazonaws.com", target: "/k" }, false],
    ["S3's DeleteObjects", { method: "POST", host: "b.s3.amazonaws.com", target: "/?delete" }, true],
    ["S3's DeleteObjects, encoded", { method: "POST", host: "b.s3.amazonaws.com", target: "/?%64elete=" }, true],
    ["another S3 POST", { method: "POST", host: "b.s3.amazonaws.com", target: "/k?uploads" }, false],
    ["an S3 query that does not decode", { method: "PUT", host: "b.s3.amazonaws.com", target: "/k?%zz" }, false],
    ["an S3 path without a bucket", { method: "PUT", host: "s3.us-east-1.amazonaws.com", target: "//k" }, false],
    ["another query that does not decode", { host: "lambda.us-east-1.amazonaws.com", target: "/?%zz" }, false],
  ])("%s: %#", async (_, parts, expected) => {
    expect(await needs(parts)).toBe(expected);
  });
});

describe("loading", () => {
  const shard: Shard = {
    service: "sqs",
    id: "SQS",
    prefix: "sqs",
    endpointPrefix: "sqs",
    protocols: ["awsJson1_0"],
    target: "AmazonSQS",
    operations: { ListQueues: ".!" },
  };

  test("a table is read once, however often and however concurrently it is asked for", async () => {
    const loads: string[] = [];
    const own = createResolver({
      async load(name) {
        loads.push(name);
        return shard;
      },
    });
    await Promise.all([own.load("sqs"), own.load("sqs")]);
    await own.load("sqs");
    await own.load("made-up");
    await own.load("__proto__");
    expect(loads).toEqual(["sqs"]);
    expect(own.describeOperation("sqs", "ListQueues")).toMatchObject({
      actions: [{ name: "sqs:ListQueues", hasResource: false }],
    });
    expect(own.describeOperation("sqs", "toString")).toBeUndefined();
  });

  test("a load that failed is tried again", async () => {
    let fail = true;
    const own = createResolver({
      async load() {
        if (fail) throw new Error("disk");
        return shard;
      },
    });
    await expect(own.load("sqs")).rejects.toThrow("disk");
    fail = false;
    await own.load("sqs");
    expect(own.describeOperation("sqs", "ListQueues")).toBeDefined();
  });

  test("resolving before loading is a mistake of the program", () => {
    const own = createResolver({ load: async () => shard });
    expect(() => own.resolve(scoped({ host: "sqs.us-east-1.amazonaws.com" }))).toThrow('await load("sqs") first');
  });
});

describe("services that are the same on the wire", () => {
  const query = (service: string, actions: string): Shard => ({
    service,
    id: service,
    prefix: "rds",
    endpointPrefix: "rds",
    protocols: ["awsQuery"],
    versions: ["2014-10-31"],
    operations: { DoIt: actions },
  });
  const call = async (...actions: readonly string[]) => {
    const shards = new Map(["docdb", "neptune", "rds"].map((name, i) => [name, query(name, actions[i] as string)]));
    const own = createResolver({ load: async (name) => shards.get(name) as Shard });
    await own.load("rds");
    const body = "Action=DoIt&Version=2014-10-31";
    return own.resolve(scoped({ method: "POST", host: "rds.us-east-1.amazonaws.com", headers: form, body }));
  };

  test("need the actions of all of them", async () => {
    expect(short(await call(".", "Other!", ".!"))).toEqual([
      ["rds:DoIt", "~*"],
      ["rds:Other", "none"],
      ["rds:DoIt", "none"],
    ]);
  });

  test("need permission as soon as one of them does", async () => {
    const mixed = await call("#permissionless;", ".", "#permissionless;");
    expect(mixed.marker).toBeUndefined();
    expect(short(mixed)).toEqual([["rds:DoIt", "~*"]]);
    expect(await call("#permissionless;", "#permissionless;", "#permissionless;")).toMatchObject({
      marker: "permissionless",
      checks: [],
    });
  });

  test("are not there where the tables are broken", async () => {
    const checks = [{ hook: "nope", members: {}, actions: [] }];
    const shard = { ...query("rds", "."), operations: { DoIt: { c: checks } } };
    const own = createResolver({ load: async () => shard });
    await own.load("rds");
    const body = "Action=DoIt&Version=2014-10-31";
    const request = scoped({ method: "POST", host: "rds.us-east-1.amazonaws.com", headers: form, body });
    expect(() => own.resolve(request)).toThrow("no hook nope");
    const call = { parameters: {}, partition: "aws", region: "us-east-1", account: undefined };
    expect(() => own.resolveParameters("rds", "DoIt", call)).toThrow("no hook nope");
  });

  test("are unknown as soon as the actions of one are", async () => {
    expect(await call(".", "#unknown;", ".")).toMatchObject({ marker: "unknown", operations: ["DoIt"], checks: [] });
  });
});

describe("laws", () => {
  const hosts = fc.constantFrom(
    "b.s3.us-east-1.amazonaws.com",
    "s3.amazonaws.com",
    "dynamodb.us-east-1.amazonaws.com",
    "iam.amazonaws.com",
    "monitoring.us-east-1.amazonaws.com",
    "lambda.us-east-1.amazonaws.com",
    "email.us-east-1.amazonaws.com",
    "route53.amazonaws.com",
    "123456789012.s3-control.us-east-1.amazonaws.com",
  );
  const piece = fc.constantFrom(
    "/",
    "?",
    "&",
    "=",
    "%2F",
    "%",
    "acl",
    "tagging",
    "delete",
    "versionId",
    "uploads",
    "x-id",
    "k",
    "..",
    "2015-03-31",
    "functions",
    "service",
    "operation",
    "Action",
    "Version",
    "2013-04-01",
    "hostedzone",
    "v2",
    "email",
    "\u00ff",
    "+",
  );
  const header = fc.tuple(
    fc.constantFrom(
      "x-amz-target",
      "content-type",
      "x-amz-copy-source",
      "x-amz-acl",
      "smithy-protocol",
      "content-encoding",
    ),
    fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.constantFrom("application/x-www-form-urlencoded", "rpc-v2-cbor", "DynamoDB_20120810.GetItem", "b/k"),
    ),
  );

  test("no request, however odd, has neither checks nor a marker, and none makes resolve throw", async () => {
    await fc.assert(
      fc.asyncProperty(
        hosts,
        fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"),
        fc.array(piece, { maxLength: 12 }),
        fc.array(header, { maxLength: 3 }),
        fc.oneof(fc.string(), fc.constantFrom("Action=ListUsers&Version=2010-05-08", "<Delete/>")),
        async (host, method, pieces, headers, body) => {
          const call = await resolve({ host, method, target: `/${pieces.join("")}`, headers, body });
          if (call.marker === undefined) expect(call.checks.length).toBeGreaterThan(0);
          else if (call.marker === "unknown" || call.marker === "ambiguous") {
            expect(call.checks).toEqual([]);
            expect(call.why).toBeTruthy();
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
