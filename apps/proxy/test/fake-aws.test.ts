import { mkdtemp, rm } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Credentials, type RequestHead, rawHeaders } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FakeTable } from "../src/fake-aws/dynamodb.ts";
import { FakeAws } from "../src/fake-aws/fake-aws.ts";
import { type AgentRequest, signedRequest } from "./agent-request.ts";

const credentials = new Credentials({ accessKeyId: "AKIAREALREALREALREAL", secretAccessKey: "real/secret" });
const agentKey = new Credentials({
  accessKeyId: "ASIAAGENTAGENTAGENTA",
  secretAccessKey: "agent/secret",
  sessionToken: "agent/token+==",
});
const region = "us-east-1";
const s3 = { service: "s3", host: `reports.s3.${region}.amazonaws.com` };
const sts = { service: "sts", host: `sts.${region}.amazonaws.com`, target: "/?Action=GetCallerIdentity" };

let dir: string;
let authority: CertificateAuthority;
let aws: FakeAws;
let tables: Map<string, FakeTable>;
let queues: Map<string, string[]>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-fake-aws-"));
  authority = await CertificateAuthority.open({ dir, permittedDnsSuffixes: ["amazonaws.com"] });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

beforeEach(async () => {
  tables = new Map([["orders", { key: "id", items: new Map() }]]);
  queues = new Map([["jobs", []]]);
  const principal = { account: "123456789012", userName: "dev", userId: "AIDAEXAMPLEEXAMPLE234" };
  aws = await FakeAws.start({ authority, credentials, principal, tables, queues });
});
afterEach(() => aws.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}

function transmit({ host, method, target, headers }: RequestHead, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: "127.0.0.1",
        port: aws.port,
        servername: host,
        ca: authority.rootCertificate,
        method,
        path: target,
        headers: rawHeaders(headers),
        setHost: false,
        agent: false,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode as number, text }));
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}

type Call = Omit<AgentRequest, "credentials"> & { readonly credentials?: Credentials; readonly body?: string };

function call(request: Call): Promise<Answer> {
  return transmit(signedRequest({ region, credentials, ...request }), request.body);
}

describe("a request is answered only if the known key pair signed it", () => {
  test("with it, STS says whose it is", async () => {
    const { status, text } = await call(sts);
    expect(status).toBe(200);
    expect(text).toContain("<Arn>arn:aws:iam::123456789012:user/dev</Arn>");
    expect(aws.arrived).toEqual([{ host: sts.host, method: "GET", target: sts.target, signed: true, status: 200 }]);
  });

  const wrongSecret = new Credentials({ accessKeyId: credentials.accessKeyId, secretAccessKey: "another" });
  const withAgentToken = new Credentials({
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    sessionToken: agentKey.sessionToken,
  });
  const json = { service: "dynamodb", host: `dynamodb.${region}.amazonaws.com`, method: "POST" };
  test.each<[string, Call, number, string]>([
    ["a wrong secret", { ...sts, credentials: wrongSecret }, 403, "SignatureDoesNotMatch"],
    ["a wrong secret, to S3", { ...s3, credentials: wrongSecret }, 403, "SignatureDoesNotMatch"],
    ["the agent's key pair", { ...sts, credentials: agentKey }, 403, "InvalidClientTokenId"],
    ["the agent's key pair, to S3", { ...s3, credentials: agentKey }, 403, "InvalidAccessKeyId"],
    [
      "the agent's key pair, to DynamoDB",
      { ...json, headers: [["X-Amz-Target", "DynamoDB_20120810.PutItem"]], body: "{}", credentials: agentKey },
      400,
      "UnrecognizedClientException",
    ],
    ["the agent's session token", { ...sts, credentials: withAgentToken }, 403, "InvalidClientTokenId"],
    ["a signature of an hour ago", { ...sts, now: new Date(Date.now() - 3_600_000) }, 403, "SignatureDoesNotMatch"],
    ["a scope of another region", { ...s3, region: "eu-west-1" }, 403, "SignatureDoesNotMatch"],
    ["a scope of another service", { ...sts, service: "iam" }, 403, "SignatureDoesNotMatch"],
  ])("%s is refused", async (_what, request, status, code) => {
    const answer = await call(request);
    expect(answer.text).toContain(code);
    expect(answer.status).toBe(status);
    expect(aws.arrived).toMatchObject([{ signed: false, status }]);
  });

  test("a request changed on the way is refused, and changes nothing", async () => {
    await call({ ...s3, method: "PUT" });
    const signed = signedRequest({ ...s3, credentials, region, method: "PUT", target: "/a", body: "one" });
    expect(await transmit({ ...signed, target: "/b" }, "one")).toMatchObject({ status: 403 });
    expect((await transmit(signed, "two")).text).toContain("XAmzContentSHA256Mismatch");
    expect([aws.s3.object("reports", "a"), aws.s3.object("reports", "b")]).toEqual([undefined, undefined]);
  });

  test("an unsigned request is refused", async () => {
    const { host, target } = sts;
    const answer = await transmit({ httpVersion: "1.1", method: "GET", target, host, headers: [["Host", host]] });
    expect(answer.text).toContain("MissingAuthenticationToken");
    expect(answer.status).toBe(403);
  });

  test("a service it does not have says so", async () => {
    const answer = await call({ service: "kms", host: `kms.${region}.amazonaws.com`, method: "POST", body: "{}" });
    expect(answer.status).toBe(501);
    expect(answer.text).toContain("The fake AWS does not have kms");
  });
});

describe("S3", () => {
  const put = (target: string, body: string): Promise<Answer> => call({ ...s3, method: "PUT", target, body });

  test("keeps what it is given, in buckets that were made", async () => {
    expect((await put("/a%2Fb%20c/d", "text")).text).toContain("<Code>NoSuchBucket</Code>");
    expect((await call({ ...s3, method: "PUT" })).status).toBe(200);
    expect((await put("/a%2Fb%20c/d", "text")).status).toBe(200);
    expect(aws.s3.object("reports", "a/b c/d")?.toString()).toBe("text");
    expect(await call({ ...s3, target: "/a%2Fb%20c/d" })).toEqual({ status: 200, text: "text" });
    const path = { service: "s3", host: `s3.${region}.amazonaws.com`, target: "/reports/a%2Fb%20c/d" };
    expect(await call(path)).toEqual({ status: 200, text: "text" });
  });

  test("making a bucket again does not empty it", async () => {
    await call({ ...s3, method: "PUT" });
    await put("/a", "1");
    expect((await call({ ...s3, method: "PUT" })).status).toBe(200);
    expect(aws.s3.object("reports", "a")?.toString()).toBe("1");
  });

  test("lists the objects with a prefix, in order", async () => {
    await call({ ...s3, method: "PUT" });
    for (const key of ["x/b&", "x/a", "y"]) await put(`/${encodeURIComponent(key)}`, "1");
    const { text } = await call({ ...s3, target: "/?list-type=2&prefix=x%2F" });
    expect([...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)).toEqual(["x/a", "x/b&amp;"]);
    expect(text).toContain("<KeyCount>2</KeyCount>");
  });

  test("deletes an object, which is then not there", async () => {
    await call({ ...s3, method: "PUT" });
    await put("/a", "1");
    expect(await call({ ...s3, method: "DELETE", target: "/a" })).toEqual({ status: 204, text: "" });
    const { status, text } = await call({ ...s3, target: "/a" });
    expect({ status, code: /<Code>(.*?)</.exec(text)?.[1] }).toEqual({ status: 404, code: "NoSuchKey" });
  });

  test.each<[string, Partial<Call>]>([
    ["a subresource of a bucket", { target: "/?versioning" }],
    ["a subresource of an object", { target: "/a?acl" }],
    ["a copy", { target: "/a", headers: [["x-amz-copy-source", "/reports/b"]] }],
  ])("%s is another operation, and not taken for the plain one", async (_what, request) => {
    expect((await call({ ...s3, method: "PUT", ...request })).status).toBe(501);
    expect((await put("/a", "1")).text).toContain("NoSuchBucket");
  });
});

describe("the other services", () => {
  const json = (service: string, operation: string, body: object): Promise<Answer> =>
    call({
      service,
      host: `${service}.${region}.amazonaws.com`,
      method: "POST",
      headers: [
        ["Content-Type", "application/x-amz-json-1.0"],
        ["X-Amz-Target", operation],
      ],
      body: JSON.stringify(body),
    });

  test("DynamoDB keeps items by their key, in tables that are there", async () => {
    const Item = { id: { S: "1" }, n: { N: "2" } };
    expect(await json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: "orders", Item })).toEqual({
      status: 200,
      text: "{}",
    });
    expect(tables.get("orders")?.items.get("1")).toEqual(Item);
    const absent = await json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: "absent", Item });
    expect(absent.text).toContain("ResourceNotFoundException");
    const keyless = await json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: "orders", Item: {} });
    expect(keyless.text).toContain("ValidationException");
    expect((await json("dynamodb", "DynamoDB_20120810.Scan", {})).text).toContain("UnknownOperationException");
  });

  test("SQS keeps messages, in queues that are there", async () => {
    const QueueUrl = `https://sqs.${region}.amazonaws.com/123456789012/jobs`;
    const { status, text } = await json("sqs", "AmazonSQS.SendMessage", { QueueUrl, MessageBody: "hello" });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ MD5OfMessageBody: "5d41402abc4b2a76b9719d911017c592" });
    expect(queues.get("jobs")).toEqual(["hello"]);
    const absent = await json("sqs", "AmazonSQS.SendMessage", { QueueUrl: `${QueueUrl}s`, MessageBody: "hello" });
    expect(absent.text).toContain("QueueDoesNotExist");
  });

  test("IAM lists its one user", async () => {
    const { text } = await call({ service: "iam", host: "iam.amazonaws.com", target: "/?Action=ListUsers" });
    expect(text).toContain("<UserName>dev</UserName>");
  });
});

test("whatever arrived can be searched: heads and bodies, of refused requests too", async () => {
  await call({ ...s3, method: "PUT", target: "/a", body: "needle in the body", credentials: agentKey });
  expect(aws.received("needle in the body")).toBe(true);
  expect(aws.received(agentKey.accessKeyId)).toBe(true);
  expect(aws.received(agentKey.sessionToken as string)).toBe(true);
  expect(aws.received(agentKey.secretAccessKey)).toBe(false);
  await call({ ...sts, target: "/?x=a%2Fb%3D" });
  expect(aws.received("a/b=")).toBe(true);
});

test("it has certificates for AWS's names only", async () => {
  const handshake = (servername: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(
        { host: "127.0.0.1", port: aws.port, servername, ca: authority.rootCertificate },
        () => {
          socket.destroy();
          resolve();
        },
      );
      socket.once("error", reject);
    });
  await expect(handshake("kms.eu-west-1.amazonaws.com")).resolves.toBeUndefined();
  await expect(handshake("example.com")).rejects.toThrow();
});
