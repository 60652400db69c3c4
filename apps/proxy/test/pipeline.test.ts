import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { AwsError, Credentials, headerValue, type Mode, type RequestHead } from "@iap/aws-core";
import { sha256Hex } from "@iap/sigv4";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type AgentRequest, presignedRequest, signedRequest, unsignedRequest } from "./agent-request.ts";
import { type ClientAnswer, wholeAnswer } from "./connect-client.ts";
import { InterceptedPipeline, type InterceptedPipelineOptions, principalArn } from "./intercepted-pipeline.ts";

const bucket = "reports.s3.eu-west-1.amazonaws.com";
const dynamodb = "dynamodb.eu-west-1.amazonaws.com";
const sts = "sts.eu-west-1.amazonaws.com";
const modes: readonly Mode[] = ["record", "shadow", "enforce"];
const form = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]] as const;

const identityCall = "Action=GetCallerIdentity&Version=2011-06-15";
const createAccessKey = "Action=CreateAccessKey&Version=2010-05-08";
const assumeRole =
  "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=s";

const readOnly = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["s3:GetObject", "sts:AssumeRole"], Resource: "*" },
    { Effect: "Deny", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/secret/*" },
  ],
};

let proxy: InterceptedPipeline;

// Every test ends with what holds on every path: see `InterceptedPipeline.close`.
afterEach(() => proxy.close());

async function open(options: InterceptedPipelineOptions = {}): Promise<InterceptedPipeline> {
  proxy = await InterceptedPipeline.open(options);
  return proxy;
}

function openIn(mode: Mode): Promise<InterceptedPipeline> {
  return open({ mode, policy: mode === "record" ? undefined : readOnly });
}

function signed(request: Omit<AgentRequest, "credentials"> & { credentials?: Credentials | undefined }): RequestHead {
  return signedRequest({ ...request, credentials: request.credentials ?? proxy.agent.credentials });
}

function getObject(more: Partial<AgentRequest> = {}): RequestHead {
  return signed({ host: bucket, service: "s3", target: "/2026/summary.csv?x-id=GetObject", ...more });
}

function stsCall(body: string, more: Partial<AgentRequest> = {}): RequestHead {
  return signed({ host: sts, service: "sts", method: "POST", headers: form, body, ...more });
}

const decode = "Action=DecodeAuthorizationMessage&Version=2011-06-15&EncodedMessage=x";
const instances = "Action=DescribeInstances&Version=2016-11-15";
const scan = '{"TableName":"jobs"}';

function ec2Call(body: string): RequestHead {
  return signed({ host: "ec2.eu-west-1.amazonaws.com", service: "ec2", method: "POST", headers: form, body });
}

function dynamodbCall(body: string, operation = "Scan"): RequestHead {
  const headers = [
    ["X-Amz-Target", `DynamoDB_20120810.${operation}`],
    ["Content-Type", "application/x-amz-json-1.0"],
  ] as const;
  return signed({ host: dynamodb, service: "dynamodb", method: "POST", headers, body });
}

function lambdaCall(): RequestHead {
  return signed({ host: "lambda.eu-west-1.amazonaws.com", service: "lambda", target: "/2015-03-31/functions/f" });
}

function route53Call(): RequestHead {
  const host = "route53.amazonaws.com";
  return signed({ host, service: "route53", region: "us-east-1", target: "/2013-04-01/hostedzone" });
}

function cborCall(): RequestHead {
  const headers = [
    ["smithy-protocol", "rpc-v2-cbor"],
    ["Content-Type", "application/cbor"],
  ] as const;
  const target = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
  const host = "monitoring.eu-west-1.amazonaws.com";
  return signed({ host, service: "monitoring", method: "POST", target, headers, body: Uint8Array.of(0xa0) });
}

function errorCode({ text, headers }: ClientAnswer): string | undefined {
  return (
    headerValue(headers, "x-amzn-errortype") ??
    /<Code>(.*?)<\/Code>/.exec(text)?.[1] ??
    /"__type":"(?:[^"#]*#)?(.*?)"/.exec(text)?.[1] ??
    // CBOR: "g" begins a text of seven characters.
    /__type.*#(\w+)gmessage/.exec(text)?.[1]
  );
}

describe("a request that is let through", () => {
  test("reaches AWS with the real key and token, and nothing of the agent's", async () => {
    await open();
    proxy.aws.answer = (response) => {
      response.writeHead(200, [
        ["ETag", '"1"'],
        ["x-amz-request-id", "AWSREQUEST000001"],
      ]);
      response.end("a,b\n");
    };
    const head = getObject({ headers: [["x-amz-meta-note", "caf\u00e9"]] });
    const answer = await proxy.send(head);
    expect(answer).toMatchObject({ status: 200, text: "a,b\n" });
    expect(answer.header("etag")).toBe('"1"');

    const [seen] = proxy.aws.seen;
    expect(seen).toMatchObject({ method: "GET", target: "/2026/summary.csv?x-id=GetObject" });
    const sent = seen?.headers ?? [];
    expect(headerValue(sent, "authorization")).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAREALREALREALREAL\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=/,
    );
    expect(headerValue(sent, "authorization")).toContain("x-amz-meta-note");
    expect(headerValue(sent, "x-amz-security-token")).toBe(proxy.real.sessionToken);
    expect(headerValue(sent, "x-amz-meta-note")).toBe("caf\u00e9");
    expect(headerValue(sent, "host")).toBe(bucket);

    const { decided, finished } = await proxy.records();
    expect(decided).toEqual({
      v: 1,
      type: "decided",
      id: decided.id,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      run: "run-1",
      mode: "record",
      agent: "tester",
      session: "session-1",
      accessKeyId: proxy.agent.credentials.accessKeyId,
      principalArn: "arn:aws:iam::123456789012:user/dev",
      role: undefined,
      host: bucket,
      method: "GET",
      retry: expect.stringMatching(/^req-[0-9a-f]{32}$/),
      service: "s3",
      operations: ["GetObject"],
      protocol: "restXml",
      region: "eu-west-1",
      account: "123456789012",
      marker: undefined,
      checks: [
        expect.objectContaining({
          action: "s3:GetObject",
          resource: { arn: "arn:aws:s3:::reports/2026/summary.csv" },
        }),
      ],
      decision: {
        outcome: "allowed",
        reason: expect.any(String),
        by: expect.any(String),
        policyVersion: "",
      },
      forwarded: true,
    });
    expect(finished).toMatchObject({
      outcome: "answered",
      status: 200,
      errorCode: undefined,
      requestId: "AWSREQUEST000001",
      bytesUp: 0,
      bytesDown: 4,
    });
    expect(finished.durationMs).toBeGreaterThanOrEqual(0);
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] ALLOWED {2}s3:GetObject\n$/);
    expect(proxy.order).toEqual(["decided forwarded", "upstream", "finished"]);
  });

  test("is signed so that AWS would accept it", async () => {
    await open();
    await proxy.send(getObject());
    const [seen] = proxy.aws.seen;
    const { verifySignature, parseAuthorization } = await import("@iap/sigv4-verify");
    const head: RequestHead = {
      httpVersion: "1.1",
      method: "GET",
      target: seen?.target ?? "",
      headers: seen?.headers ?? [],
      host: bucket,
    };
    const authorization = parseAuthorization(head);
    const key = { ...proxy.agent, credentials: proxy.real };
    const { payload } = authorization;
    verifySignature(head, authorization, key, payload.kind === "hash" ? payload.hex : "");
    expect(payload.kind).toBe("hash");
    expect(authorization.signedHeaders).toEqual(["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]);
  });

  test("passes in enforce mode when the policy allows it", async () => {
    await openIn("enforce");
    expect((await proxy.send(getObject())).status).toBe(200);
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ forwarded: true, decision: { outcome: "allowed", by: "iam" } });
    expect(decided.decision.policyVersion).toMatch(/^[0-9a-f]{12}$/);
    expect(finished).toMatchObject({ outcome: "answered", status: 200 });
  });

  test("carries a JSON body whose signature states no hash", async () => {
    await open();
    const body = '{"TableName":"jobs","Key":{"id":{"S":"1"}}}';
    const head = dynamodbCall(body, "GetItem");
    expect(headerValue(head.headers, "x-amz-content-sha256")).toBeUndefined();
    proxy.aws.answer = (response) => response.end("{}");
    expect((await proxy.send(head, body)).text).toBe("{}");
    expect(proxy.aws.seen[0]?.body.toString()).toBe(body);
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ service: "dynamodb", operations: ["GetItem"], protocol: "awsJson1_0" });
    expect(finished).toMatchObject({ outcome: "answered", bytesUp: body.length, bytesDown: 2 });
  });

  test("needs no permission and passes whatever the policy", async () => {
    await open({ mode: "enforce", policy: readOnly });
    expect((await proxy.send(stsCall(identityCall), identityCall)).status).toBe(200);
    const { decided } = await proxy.records();
    expect(decided).toMatchObject({ marker: "permissionless", checks: [], decision: { outcome: "allowed" } });
    expect(proxy.stdout).toContain("ALLOWED  sts:GetCallerIdentity");
  });

  test("is let through and noted in shadow mode, although the policy denies it", async () => {
    await openIn("shadow");
    expect((await proxy.send(getObject({ method: "DELETE", target: "/a" }))).status).toBe(200);
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ forwarded: true, decision: { outcome: "implicitDeny", by: "iam" } });
    expect(finished).toMatchObject({ outcome: "answered", status: 200 });
    expect(proxy.stdout).toMatch(/WOULD DENY {2}s3:DeleteObject {2}.*s3:DeleteObject/);
  });

  test("gets AWS's own error as it came, to the byte", async () => {
    await open();
    const body =
      '<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>';
    proxy.aws.answer = (response) => {
      response.writeHead(404, { "Content-Type": "application/xml", "x-amz-request-id": "R1" });
      response.end(body);
    };
    const answer = await proxy.send(getObject());
    expect(answer).toMatchObject({ status: 404, text: body });
    expect((await proxy.records()).finished).toMatchObject({
      outcome: "answered",
      status: 404,
      errorCode: "NoSuchKey",
    });
  });

  test("does not get AWS's refusal of the real credentials, which repeats the session token", async () => {
    await open();
    proxy.aws.answer = (response, request) => {
      const canonical = request.headers.map(([name, value]) => `${name.toLowerCase()}:${value}`).join("\n");
      response.writeHead(403, { "Content-Type": "application/xml", "x-amz-request-id": "R2" });
      response.end(
        `<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>${canonical}</CanonicalRequest></Error>`,
      );
    };
    const answer = await proxy.send(getObject());
    expect(answer.status).toBe(503);
    expect(errorCode(answer)).toBe("ServiceUnavailable");
    expect(answer.text).toContain("did not accept the credentials iam-agent-proxy signs with");
    const { decided, finished } = await proxy.records();
    expect(answer.header("x-iap-decision-id")).toBe(decided.id);
    expect(finished).toMatchObject({ outcome: "answered", status: 503, errorCode: "SignatureDoesNotMatch" });
    expect(proxy.stderr).toMatch(/WARNING.*refused them with SignatureDoesNotMatch/);
  });

  test("HEAD gets the head of the answer alone", async () => {
    await open();
    proxy.aws.answer = (response) => response.writeHead(200, { "Content-Length": "12345" }).end();
    const answer = await proxy.send(getObject({ method: "HEAD", target: "/a" }));
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.header("content-length")).toBe("12345");
    expect((await proxy.records()).finished).toMatchObject({ outcome: "answered", status: 200, bytesDown: 0 });
  });
});

describe("uploads", () => {
  test("20 MB stream through under their hash, and the record says how many bytes", async () => {
    await open();
    const body = randomBytes(20_000_000);
    const head = getObject({ method: "PUT", target: "/big", body });
    expect((await proxy.send(head, body)).status).toBe(200);
    const [seen] = proxy.aws.seen;
    expect(seen?.body.equals(body)).toBe(true);
    expect(headerValue(seen?.headers ?? [], "x-amz-content-sha256")).toBe(sha256Hex(body));
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ operations: ["PutObject"], forwarded: true });
    expect(finished).toMatchObject({ outcome: "answered", status: 200, bytesUp: 20_000_000 });
  });

  test("STREAMING-UNSIGNED-PAYLOAD-TRAILER goes on chunk by chunk, with its trailer", async () => {
    await open();
    const head = getObject({
      method: "PUT",
      target: "/chunked",
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: [
        ["x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
        ["Content-Encoding", "aws-chunked"],
        ["Transfer-Encoding", "chunked"],
        ["x-amz-trailer", "x-amz-checksum-crc32"],
        ["x-amz-decoded-content-length", "9"],
      ],
    });
    const body = "4\r\nWiki\r\n5\r\npedia\r\n0\r\nx-amz-checksum-crc32:rc8Zdw==\r\n\r\n";
    expect((await proxy.send(head, body)).status).toBe(200);
    expect(proxy.aws.seen[0]?.body.toString()).toBe(body);
    expect(headerValue(proxy.aws.seen[0]?.headers ?? [], "x-amz-content-sha256")).toBe(
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    );
    expect((await proxy.records()).finished).toMatchObject({ outcome: "answered", bytesUp: body.length });
  });

  test("a chunked upload whose framing breaks never completes at AWS", async () => {
    await open();
    const head = getObject({
      method: "PUT",
      target: "/chunked",
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: [
        ["x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
        ["Content-Encoding", "aws-chunked"],
        ["Transfer-Encoding", "chunked"],
        ["x-amz-decoded-content-length", "9"],
      ],
    });
    const answer = await proxy.send(head, "4\r\nWiki\r\nZZ\r\n0\r\n\r\n");
    expect(answer.status).toBe(400);
    expect(proxy.aws.seen).toHaveLength(0);
    expect((await proxy.records()).finished).toMatchObject({ outcome: "failed", status: 400 });
  });

  test("a presigned GET is signed anew in its header, and loses its own parameters", async () => {
    await open();
    const head = presignedRequest({
      host: bucket,
      service: "s3",
      target: "/2026/a%20b.csv?response-content-type=text%2Fcsv",
      credentials: proxy.agent.credentials,
    });
    expect((await proxy.send(head)).status).toBe(200);
    const [seen] = proxy.aws.seen;
    expect(seen?.target).toBe("/2026/a%20b.csv?response-content-type=text%2Fcsv");
    expect(headerValue(seen?.headers ?? [], "authorization")).toContain("Credential=AKIAREALREALREALREAL/");
    expect(headerValue(seen?.headers ?? [], "x-amz-content-sha256")).toBe("UNSIGNED-PAYLOAD");
    expect((await proxy.records()).decided).toMatchObject({
      operations: ["GetObject"],
      checks: [{ resource: { arn: "arn:aws:s3:::reports/2026/a b.csv" } }],
    });
  });
});

interface Refusal {
  readonly name: string;
  readonly request: () => RequestHead;
  readonly body?: string | undefined;
  readonly status: number;
  readonly code: string;
  readonly says?: RegExp | undefined;
  /** What its record has; by default a guard's refusal of a request from nobody. */
  readonly decided?: object | undefined;
}

const deleteBody = "<Delete><Object><Key>a</Key></Object></Delete>";
const known = { agent: "tester", session: "session-1" };

const refusals: readonly Refusal[] = [
  {
    name: "unsigned",
    request: () => unsignedRequest({ host: bucket, target: "/a" }),
    status: 403,
    code: "AccessDenied",
    says: /not signed/,
    decided: { agent: undefined, decision: { by: "guard" } },
  },
  {
    name: "signed with a key that is not ours",
    request: () => getObject({ credentials: foreign() }),
    status: 403,
    code: "InvalidAccessKeyId",
    decided: { agent: undefined, accessKeyId: undefined },
  },
  {
    name: "signed with a real key, which an agent must not hold",
    request: () => getObject({ credentials: proxy.real }),
    status: 403,
    code: "InvalidAccessKeyId",
  },
  {
    name: "signed with a wrong secret",
    request: () => getObject({ credentials: wrongSecret() }),
    status: 403,
    code: "SignatureDoesNotMatch",
    decided: known,
  },
  {
    name: "changed after it was signed",
    request: () => ({ ...getObject(), target: "/2026/other.csv" }),
    status: 403,
    code: "SignatureDoesNotMatch",
    decided: known,
  },
  {
    name: "signed with an expired key",
    request: () => getObject({ credentials: expired() }),
    status: 400,
    code: "ExpiredToken",
    says: /Fetch them again/,
  },
  {
    name: "signed with the token of another key",
    request: () => getObject({ credentials: otherToken() }),
    status: 403,
    code: "InvalidAccessKeyId",
  },
  {
    name: "signed an hour ago",
    request: () => getObject({ now: new Date(Date.now() - 3_600_000) }),
    status: 403,
    code: "RequestTimeTooSkewed",
  },
  {
    name: "scoped to another service than its host's",
    request: () => getObject({ service: "dynamodb" }),
    status: 403,
    code: "SignatureDoesNotMatch",
    says: /correct service: &apos;s3&apos;/,
    decided: known,
  },
  {
    name: "scoped to another region than its host's",
    request: () => getObject({ region: "us-west-2" }),
    status: 403,
    code: "SignatureDoesNotMatch",
    says: /valid region/,
    decided: known,
  },
  {
    name: "for a host under AWS's domains that is no service known here",
    request: () => signed({ host: "nosuchservice.eu-west-1.amazonaws.com", service: "nosuchservice" }),
    status: 403,
    code: "AccessDeniedException",
    says: /not a host of an AWS service known here/,
  },
  {
    name: "for a customer's endpoint",
    request: () => signed({ host: "abc123.execute-api.eu-west-1.amazonaws.com", service: "execute-api" }),
    status: 403,
    code: "AccessDeniedException",
    says: /customer's endpoint/,
  },
  {
    name: "with an x-amz header that it did not sign, at S3",
    request: () => {
      const head = getObject({ method: "PUT", target: "/a" });
      return { ...head, headers: [...head.headers, ["x-amz-copy-source", "/other/key"]] };
    },
    status: 403,
    code: "AccessDenied",
    says: /<HeadersNotSigned>x-amz-copy-source</,
    decided: known,
  },
  {
    name: "with a body that is read and is not the one of its hash",
    request: () =>
      getObject({
        method: "POST",
        target: "/?delete",
        headers: [["Content-Length", String(deleteBody.length)]],
        payload: sha256Hex(Buffer.from("another body")),
      }),
    body: deleteBody,
    status: 400,
    code: "XAmzContentSHA256Mismatch",
    decided: known,
  },
  {
    name: "with a longer body than is read",
    request: () => stsCall("", { headers: [...form, ["Content-Length", "2000000"]] }),
    body: "A".repeat(2_000_000),
    status: 413,
    code: "RequestEntityTooLarge",
    says: /1048576 bytes/,
    decided: { ...known, decision: { by: "limit" } },
  },
  {
    name: "with a longer body than is read, in chunks",
    request: () => stsCall("", { headers: [...form, ["Transfer-Encoding", "chunked"]] }),
    body: "A".repeat(2_000_000),
    status: 413,
    code: "RequestEntityTooLarge",
    decided: { ...known, decision: { by: "limit" } },
  },
  {
    name: "readable in two ways",
    request: () => stsCall(identityCall, { target: "/?Action=AssumeRole&Version=2011-06-15" }),
    body: identityCall,
    status: 403,
    code: "AccessDenied",
    says: /more than one way/,
    decided: { ...known, marker: "ambiguous", decision: { by: "guard" } },
  },
  {
    name: "for permanent credentials",
    request: () =>
      signed({
        host: "iam.amazonaws.com",
        service: "iam",
        region: "us-east-1",
        method: "POST",
        headers: form,
        body: createAccessKey,
      }),
    body: createAccessKey,
    status: 403,
    code: "AccessDenied",
    decided: { ...known, operations: ["CreateAccessKey"], decision: { outcome: "explicitDeny", by: "guard" } },
  },
];

describe.each(modes)("in %s mode, what is refused whatever a policy says", (mode) => {
  test.each(refusals.map((refusal) => [refusal.name, refusal] as const))("a request %s", async (_name, refusal) => {
    const { request, body, status, code, says, decided } = refusal;
    await openIn(mode);
    const answer = await proxy.send(request(), body);
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
    if (says !== undefined) expect(answer.text).toMatch(says);

    const records = await proxy.records();
    expect(records.decided).toMatchObject({ mode, forwarded: false, ...decided });
    expect(records.decided.decision.outcome).not.toBe("allowed");
    expect(records.finished).toMatchObject({ outcome: "answered", status, bytesUp: 0, bytesDown: 0 });
    expect(answer.header("x-iap-decision-id")).toBe(records.decided.id);
    expect(proxy.order).toEqual(["decided refused", "finished"]);
    expect(proxy.aws.connections).toBe(0);
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] DENIED {2}/);
    expect(proxy.faults).toEqual([]);
  });
});

function foreign(): Credentials {
  return new Credentials({ accessKeyId: "AKIAFOREIGNFOREIGN00", secretAccessKey: "foreign" });
}

function wrongSecret(): Credentials {
  const { accessKeyId, sessionToken } = proxy.agent.credentials;
  return new Credentials({ accessKeyId, sessionToken, secretAccessKey: "wrong" });
}

function otherToken(): Credentials {
  const { accessKeyId, secretAccessKey } = proxy.agent.credentials;
  const other = proxy.issue({ now: new Date(), ttlSeconds: 3600 });
  return new Credentials({ accessKeyId, secretAccessKey, sessionToken: other.credentials.sessionToken });
}

function expired(): Credentials {
  return proxy.issue({ now: new Date(Date.now() - 7_200_000), ttlSeconds: 3600 }).credentials;
}

describe("credentials that AWS hands out", () => {
  const minted = {
    accessKeyId: "ASIAMINTEDMINTEDMINT",
    secretAccessKey: "minted/secret+minted/secret+minted/secret",
    sessionToken: "minted/token+==",
  };
  const answerWith = (response: ServerResponse): void => {
    response.writeHead(200, { "Content-Type": "text/xml" });
    response.end(
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${minted.accessKeyId}</AccessKeyId><SecretAccessKey>${minted.secretAccessKey}</SecretAccessKey><SessionToken>${minted.sessionToken}</SessionToken><Expiration>${new Date(Date.now() + 900_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    );
  };
  const credentialsIn = (text: string): Credentials => {
    const [accessKeyId = "", secretAccessKey = "", sessionToken = ""] = [
      "AccessKeyId",
      "SecretAccessKey",
      "SessionToken",
    ].map((name) => new RegExp(`<${name}>(.*)</${name}>`).exec(text)?.[1]);
    return new Credentials({ accessKeyId, secretAccessKey, sessionToken });
  };
  const assume = async (credentials?: Credentials): Promise<Credentials> => {
    proxy.aws.answer = answerWith;
    const head = signed({ host: sts, service: "sts", method: "POST", headers: form, body: assumeRole, credentials });
    const answer = await proxy.send(head, assumeRole);
    expect(answer.status).toBe(200);
    for (const secret of Object.values(minted)) expect(answer.text).not.toContain(secret);
    proxy.aws.answer = (response) => response.end("from AWS");
    return credentialsIn(answer.text);
  };
  const upstreamHeader = (name: string): string => headerValue(proxy.aws.seen.at(-1)?.headers ?? [], name) ?? "";

  test("reach the agent as a fake pair, behind which requests are signed with the real session", async () => {
    await open({ credentialsFrom: ["sts:AssumeRole"] });
    const fake = await assume();
    expect(fake.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect((await proxy.send(getObject({ credentials: fake }))).text).toBe("from AWS");
    expect(upstreamHeader("authorization")).toContain(`Credential=${minted.accessKeyId}/`);
    expect(upstreamHeader("x-amz-security-token")).toBe(minted.sessionToken);
  });

  test("may be asked for again with the fake pair: chains of roles work", async () => {
    await open({ credentialsFrom: ["sts:AssumeRole"] });
    const second = await assume(await assume());
    expect(upstreamHeader("authorization")).toContain(`Credential=${minted.accessKeyId}/`);
    expect((await proxy.send(getObject({ credentials: second }))).status).toBe(200);
  });

  test("do not help round a policy: it holds for the session too", async () => {
    await open({ mode: "enforce", policy: readOnly, credentialsFrom: ["sts:AssumeRole"] });
    const fake = await assume();
    const denied = await proxy.send(getObject({ credentials: fake, target: "/secret/a" }));
    expect(denied.status).toBe(403);
    expect(denied.text).toContain("arn:aws:sts::123456789012:assumed-role/r/s");
    expect((await proxy.send(getObject({ credentials: fake }))).status).toBe(200);
  });

  test("are withheld when the answer is not what it should be", async () => {
    await open({ credentialsFrom: ["sts:AssumeRole"] });
    proxy.aws.answer = (response) =>
      response.end(`<Odd><SecretAccessKey>${minted.secretAccessKey}</SecretAccessKey></Odd>`);
    const answer = await proxy.send(stsCall(assumeRole), assumeRole);
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("answer to sts:AssumeRole");
    expect(answer.text).not.toContain(minted.secretAccessKey);
  });

  test("are refused before anything is asked, when the operator has not named the operation", async () => {
    await open();
    const answer = await proxy.send(stsCall(assumeRole), assumeRole);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("--allow-credentials-from sts:AssumeRole");
    expect(proxy.aws.seen).toEqual([]);
  });

  test("an error of AWS's is passed on", async () => {
    await open({ credentialsFrom: ["sts:AssumeRole"] });
    proxy.aws.answer = (response) => {
      response.writeHead(403, { "Content-Type": "text/xml" });
      response.end("<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
    };
    const answer = await proxy.send(stsCall(assumeRole), assumeRole);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("<Code>AccessDenied</Code>");
  });
});

describe("an unsigned request", () => {
  const cognito = "cognito-idp.eu-west-1.amazonaws.com";
  const body = JSON.stringify({ ClientId: "c", Username: "u", Password: "p" });
  const signUp = (target = "SignUp"): RequestHead =>
    unsignedRequest({
      host: cognito,
      method: "POST",
      headers: [
        ["Content-Type", "application/x-amz-json-1.1"],
        ["X-Amz-Target", `AWSCognitoIdentityProviderService.${target}`],
        ["X-Amz-Security-Token", "stray"],
      ],
      body,
    });

  test("of an operation that takes no signature is refused, and told which option lets it pass", async () => {
    await open();
    const answer = await proxy.send(signUp(), body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("--allow-unsigned cognito-idp:SignUp");
    expect(proxy.aws.seen).toEqual([]);
  });

  test("passes when that option names it, without any credentials", async () => {
    await open({ allowUnsigned: ["cognito-idp:SignUp"] });
    proxy.aws.answer = (response) => response.end("{}");
    expect((await proxy.send(signUp(), body)).status).toBe(200);
    const [seen] = proxy.aws.seen;
    expect(seen?.body.toString()).toBe(body);
    expect(headerValue(seen?.headers ?? [], "authorization")).toBeUndefined();
    expect(headerValue(seen?.headers ?? [], "x-amz-security-token")).toBeUndefined();
    expect((await proxy.records()).decided).toMatchObject({
      operations: ["SignUp"],
      marker: "unsigned",
      agent: undefined,
      forwarded: true,
    });
  });

  test("to a host that takes no signature is refused, whatever is let through", async () => {
    await open({ allowUnsigned: ["cognito-idp:SignUp"] });
    const website = "reports.s3-website-us-east-1.amazonaws.com";
    const answer = await proxy.send(unsignedRequest({ host: website, target: "/index.html" }));
    expect(answer.status).toBe(403);
    expect((await proxy.records()).decided).toMatchObject({ host: website, forwarded: false });
    expect(proxy.aws.connections).toBe(0);
  });

  test("to a customer's endpoint, or of another operation with somebody's bearer token, stays refused", async () => {
    await open({ allowUnsigned: ["cognito-idp:SignUp"] });
    const customers = { host: "abc123.execute-api.eu-west-1.amazonaws.com", method: "GET" };
    expect((await proxy.send(unsignedRequest(customers))).status).toBe(403);
    const bearer = signUp("ListUsers");
    const headers = [...bearer.headers, ["Authorization", "Bearer somebody's"]] as const;
    expect((await proxy.send({ ...bearer, headers }, body)).status).toBeGreaterThanOrEqual(400);
    expect(proxy.aws.seen).toEqual([]);
  });

  test("of another operation stays refused", async () => {
    await open({ allowUnsigned: ["cognito-idp:SignUp"] });
    expect((await proxy.send(signUp("InitiateAuth"), body)).status).toBe(400);
    const answer = await proxy.send(signUp("ListUsers"), body);
    expect(answer.text).toContain("not signed");
    expect(proxy.aws.seen).toEqual([]);
  });

  test("that is answered with credentials gets fake ones, and the session is the agent's", async () => {
    const named = ["cognito-identity:GetCredentialsForIdentity"];
    await open({ allowUnsigned: named, credentialsFrom: named });
    proxy.aws.answer = (response) =>
      response.end(
        JSON.stringify({
          IdentityId: "i",
          Credentials: {
            AccessKeyId: "ASIAMINTEDMINTEDMINT",
            SecretKey: "minted/secret+minted/secret+minted/secret",
            SessionToken: "minted/token+==",
            Expiration: Date.now() / 1000 + 900,
          },
        }),
      );
    const host = "cognito-identity.eu-west-1.amazonaws.com";
    const ask = JSON.stringify({ IdentityId: "eu-west-1:i" });
    const answer = await proxy.send(
      unsignedRequest({
        host,
        method: "POST",
        headers: [
          ["Content-Type", "application/x-amz-json-1.1"],
          ["X-Amz-Target", "AWSCognitoIdentityService.GetCredentialsForIdentity"],
        ],
        body: ask,
      }),
      ask,
    );
    const { AccessKeyId, SecretKey, SessionToken } = JSON.parse(answer.text).Credentials;
    expect(answer.text).not.toMatch(/minted/i);
    const credentials = new Credentials({
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretKey,
      sessionToken: SessionToken,
    });
    proxy.aws.answer = (response) => response.end("from AWS");
    expect((await proxy.send(getObject({ credentials }))).text).toBe("from AWS");
  });
});

describe("a customer's endpoint", () => {
  const api = "abc123.execute-api.eu-west-1.amazonaws.com";
  const call = (host = api): RequestHead => signed({ host, service: "execute-api", target: "/prod/orders" });

  test("is not signed for without a rule, and the denial says which rule would open it", async () => {
    await open();
    const answer = await proxy.send(call());
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(`start iam-agent-proxy with --allow-host ${api}`);
    expect(proxy.aws.seen).toEqual([]);
    expect((await proxy.records()).decided).toMatchObject({ forwarded: false, decision: { by: "guard" } });
  });

  test("is signed for by a rule, and resolved in the account that the rule names", async () => {
    await open({ allowHosts: [`${api}=999999999999`] });
    expect((await proxy.send(call())).status).toBe(200);
    expect(headerValue(proxy.aws.seen[0]?.headers ?? [], "authorization")).toContain(
      `Credential=${proxy.real.accessKeyId}/`,
    );
    expect((await proxy.records()).decided).toMatchObject({
      service: "execute-api",
      checks: expect.arrayContaining([
        expect.objectContaining({
          action: "execute-api:Invoke",
          resource: { arn: "arn:aws:execute-api:eu-west-1:999999999999:abc123/prod/GET/orders" },
        }),
      ]),
    });
  });

  test("is open by its rule alone: its neighbour is not", async () => {
    await open({ allowHosts: [api] });
    expect((await proxy.send(call(`x${api}`))).status).toBe(403);
    expect(proxy.aws.seen).toEqual([]);
  });

  test("is held to the policy in enforce mode", async () => {
    const resource = "arn:aws:execute-api:eu-west-1:123456789012:abc123/*/GET/orders";
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: resource }],
    };
    await open({ mode: "enforce", policy, allowHosts: [api] });
    const answer = await proxy.send(signed({ host: api, service: "execute-api", target: "/prod/customers" }));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("execute-api:Invoke");
    expect(proxy.aws.seen).toEqual([]);
  });

  test("that is AWS's own service behind a VPC endpoint resolves as the service does", async () => {
    const endpoint = "vpce-0a1b2c3d4e5f-abcdefgh.s3.eu-west-1.vpce.amazonaws.com";
    await open({ allowHosts: [endpoint] });
    const host = `reports.bucket.${endpoint}`;
    expect((await proxy.send(signed({ host, service: "s3", target: "/2026/summary.csv" }))).status).toBe(200);
    expect((await proxy.records()).decided).toMatchObject({
      operations: ["GetObject"],
      checks: [{ action: "s3:GetObject", resource: { arn: "arn:aws:s3:::reports/2026/summary.csv" } }],
    });
  });
});

describe("an operation that is not known", () => {
  const body = "Action=NoSuchOperation&Version=2010-03-31";

  const snsCall = (text: string): RequestHead =>
    signed({ host: "sns.eu-west-1.amazonaws.com", service: "sns", method: "POST", headers: form, body: text });

  test("is refused in every mode at a service that hands out credentials", async () => {
    await openIn("record");
    const unread = "Action=AssumeAnyRole&Version=2011-06-15";
    const answer = await proxy.send(stsCall(unread), unread);
    expect(answer.status).toBe(403);
    const { decided } = await proxy.records();
    expect(decided).toMatchObject({ marker: "unknown", forwarded: false, decision: { by: "guard" } });
  });

  test.each(["record", "shadow"] as const)("is let through in %s mode, and noted", async (mode) => {
    await openIn(mode);
    expect((await proxy.send(snsCall(body), body)).status).toBe(200);
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ marker: "unknown", operations: [], checks: [], forwarded: true });
    expect(decided.decision.outcome).toBe(mode === "record" ? "allowed" : "implicitDeny");
    expect(finished).toMatchObject({ outcome: "answered", status: 200 });
    expect(proxy.stdout).toMatch(/UNKNOWN {2}POST sns\.eu-west-1\.amazonaws\.com\n$/);
  });

  test("is denied in enforce mode, with the reason", async () => {
    await openIn("enforce");
    const answer = await proxy.send(snsCall(body), body);
    expect(answer.status).toBe(403);
    expect(errorCode(answer)).toBe("AccessDenied");
    expect(answer.text).toMatch(/not understood: no operation NoSuchOperation/);
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ marker: "unknown", forwarded: false, decision: { outcome: "implicitDeny" } });
    expect(finished).toMatchObject({ outcome: "answered", status: 403, errorCode: "AccessDenied" });
  });
});

describe("a policy's denial in enforce mode", () => {
  test("names principal, action, resource, reason and decision", async () => {
    await openIn("enforce");
    const answer = await proxy.send(getObject({ method: "DELETE", target: "/2026/summary.csv" }));
    expect(answer.status).toBe(403);
    expect(errorCode(answer)).toBe("AccessDenied");
    const { decided, finished } = await proxy.records();
    expect(answer.text).toContain(`User: ${principalArn} is not authorized to perform: s3:DeleteObject on resource: `);
    expect(answer.text).toContain("arn:aws:s3:::reports/2026/summary.csv");
    expect(answer.text).toContain("because no identity-based policy allows the s3:DeleteObject action");
    expect(answer.text).toContain(`(iam-agent-proxy decision ${decided.id})`);
    expect(answer.header("age")).toBe("0");
    expect(decided).toMatchObject({ forwarded: false, decision: { outcome: "implicitDeny", by: "iam" } });
    expect(finished).toMatchObject({ outcome: "answered", status: 403, errorCode: "AccessDenied" });
  });

  test.each<[string, () => RequestHead, string, number, string, RegExp]>([
    ["query", () => stsCall(decode), decode, 403, "AccessDenied", /^<\?xml.*\n<ErrorResponse/],
    ["EC2 query", () => ec2Call(instances), instances, 403, "UnauthorizedOperation", /^<\?xml.*\n<Response><Errors>/],
    ["JSON", () => dynamodbCall(scan), scan, 400, "AccessDeniedException", /^\{"__type":/],
    ["REST JSON", () => lambdaCall(), "", 403, "AccessDeniedException", /^\{"Message":/],
    ["REST XML", () => route53Call(), "", 403, "AccessDenied", /^<\?xml.*\n<ErrorResponse xmlns="https:\/\/route53/],
    ["CBOR", () => cborCall(), "\xa0", 400, "AccessDeniedException", /^\xa2f__type/],
  ])("is in the words of %s", async (_form, request, body, status, code, shape) => {
    await openIn("enforce");
    const answer = await proxy.send(request(), Buffer.from(body, "latin1"));
    expect(answer.status).toBe(status);
    expect(answer.body.toString("latin1")).toMatch(shape);
    expect(errorCode(answer)).toBe(code);
    expect(answer.body.toString("latin1")).toContain(`User: ${principalArn} is not authorized to perform: `);
    const { decided } = await proxy.records();
    expect(decided).toMatchObject({ forwarded: false, decision: { outcome: "implicitDeny", by: "iam" } });
    expect(answer.header("x-iap-decision-id")).toBe(decided.id);
  });

  test("is explicit where a statement denies", async () => {
    await openIn("enforce");
    const answer = await proxy.send(getObject({ target: "/secret/a" }));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("with an explicit deny in");
    expect((await proxy.records()).decided).toMatchObject({ decision: { outcome: "explicitDeny", by: "iam" } });
  });

  test("has no body for HEAD, but its id in a header", async () => {
    await openIn("enforce");
    const answer = await proxy.send(getObject({ method: "HEAD", target: "/secret/a" }));
    expect(answer).toMatchObject({ status: 403, text: "" });
    expect(answer.header("x-iap-decision-id")).toBe((await proxy.records()).decided.id);
  });

  test("of an upload answers without its body having gone anywhere", async () => {
    await openIn("enforce");
    const body = randomBytes(3_000_000);
    const answer = await proxy.send(getObject({ method: "PUT", target: "/a", body }), body);
    expect(answer.status).toBe(403);
    expect((await proxy.records()).finished).toMatchObject({ outcome: "answered", status: 403, bytesUp: 0 });
  });
});

test("an upload that is not the body of its hash is answered with an error, and never completes at AWS", async () => {
  await open();
  const body = randomBytes(300_000);
  const head = getObject({
    method: "PUT",
    target: "/a",
    headers: [["Content-Length", "300000"]],
    payload: sha256Hex(Buffer.from("another body")),
  });
  const answer = await proxy.send(head, body);
  expect(answer.status).toBe(400);
  expect(errorCode(answer)).toBe("XAmzContentSHA256Mismatch");
  await vi.waitFor(() => expect(proxy.aws.brokenOff).toBe(1));
  expect(proxy.aws.seen).toHaveLength(0);
  const { decided, finished } = await proxy.records();
  expect(decided).toMatchObject({ forwarded: true, decision: { outcome: "allowed" } });
  expect(finished).toMatchObject({ outcome: "failed", status: 400, errorCode: "ContentSha256Mismatch" });
});

describe("an upstream that fails", () => {
  test("before it can be reached is told as 503 in the service's words", async () => {
    await open({ upstreamPort: await closedPort() });
    const answer = await proxy.send(stsCall(identityCall), identityCall);
    expect(answer.status).toBe(503);
    expect(errorCode(answer)).toBe("ServiceUnavailable");
    expect(answer.text).toMatch(/could not reach AWS: sts\.eu-west-1\.amazonaws\.com: the connection was refused/);
    const { decided, finished } = await proxy.records();
    expect(decided.forwarded).toBe(true);
    expect(finished).toMatchObject({ outcome: "failed", status: 503, errorCode: "ServiceUnavailable" });
    expect(proxy.stderr).toMatch(/WARNING.*could not reach AWS/);
  });

  test("before it answers is told as 503", async () => {
    await open();
    proxy.aws.answer = (response) => response.destroy();
    const answer = await proxy.send(getObject());
    expect(answer.status).toBe(503);
    expect((await proxy.records()).finished).toMatchObject({ outcome: "failed", status: 503 });
  });

  test("in its answer never looks whole to the client", async () => {
    await open();
    proxy.aws.answer = (response) => {
      response.writeHead(200, { "Content-Length": "1000" });
      response.write("only this", () => setTimeout(() => response.destroy(), 20));
    };
    await expect(proxy.send(getObject())).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect((await proxy.records()).finished).toMatchObject({ outcome: "failed", status: 200, bytesDown: 9 });
  });
});

describe("a client that leaves", () => {
  test("while its body is read ends nothing but its request", async () => {
    await open();
    const request = await proxy.start(stsCall("", { headers: [...form, ["Content-Length", "1000"]] }));
    request.on("error", () => {});
    request.write("Action=");
    await new Promise((resolve) => setTimeout(resolve, 100));
    request.destroy();
    const { decided, finished } = await proxy.records();
    expect(decided).toMatchObject({ ...known, forwarded: false });
    expect(finished).toMatchObject({ outcome: "aborted", status: undefined });
    expect(proxy.aws.connections).toBe(0);
  });

  test("while it uploads leaves AWS with an incomplete request", async () => {
    await open();
    const body = randomBytes(1_000_000);
    const request = await proxy.start(getObject({ method: "PUT", target: "/a", body }));
    request.on("error", () => {});
    request.write(body.subarray(0, 500_000));
    await vi.waitFor(() => expect(proxy.order).toContain("upstream"));
    request.destroy();
    const { decided, finished } = await proxy.records();
    expect(decided.forwarded).toBe(true);
    expect(finished).toMatchObject({ outcome: "aborted", status: undefined });
    await vi.waitFor(() => expect(proxy.aws.brokenOff).toBe(1));
    expect(proxy.aws.seen).toHaveLength(0);
  });

  test("before the answer comes is recorded as gone", async () => {
    await open();
    proxy.aws.answer = () => {};
    const request = await proxy.start(getObject());
    request.on("error", () => {});
    request.end();
    await vi.waitFor(() => expect(proxy.aws.seen).toHaveLength(1));
    request.destroy();
    expect((await proxy.records()).finished).toMatchObject({ outcome: "aborted", status: undefined });
  });

  test("in the middle of the answer is recorded as gone, with the status it saw", async () => {
    await open();
    proxy.aws.answer = (response) => {
      response.writeHead(200, { "Content-Length": "1000000" });
      response.write(Buffer.alloc(1000));
    };
    const request = await proxy.start(getObject());
    request.on("error", () => {});
    request.end();
    const [response] = await once(request, "response");
    response.on("error", () => {});
    request.destroy();
    expect((await proxy.records()).finished).toMatchObject({ outcome: "aborted", status: 200 });
  });
});

test.each(modes)("in %s mode, what cannot be recorded is not forwarded", async (mode) => {
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  await open({
    mode,
    policy: mode === "record" ? undefined : readOnly,
    beforeDecided: () => Promise.reject(full),
  });
  const answer = await proxy.send(getObject());
  expect(answer.status).toBe(500);
  expect(errorCode(answer)).toBe("InternalError");
  expect(answer.text).toContain("cannot write its activity log");
  await vi.waitFor(() => expect(proxy.finished).toHaveLength(1));
  expect(proxy.decided).toEqual([]);
  expect(proxy.finished[0]).toMatchObject({ outcome: "failed", status: 500, bytesUp: 0 });
  expect(proxy.aws.connections).toBe(0);
  expect(proxy.faults[0]?.cause).toBe(full);
});

test.each([
  ["S3", () => getObject(), "", /<Code>ServiceUnavailable<\/Code>/],
  ["query", () => stsCall(identityCall), identityCall, /<ErrorResponse.*<Code>ServiceUnavailable<\/Code>/],
  [
    "JSON",
    () => dynamodbCall("{}", "ListTables"),
    "{}",
    /^\{"__type":"com\.amazon\.coral\.service#ServiceUnavailableException"/,
  ],
])("without credentials, %s is answered 503 in its own shape", async (_name, request, body, shape) => {
  await open({
    upstreams: {
      credentials: () =>
        Promise.reject(new AwsError("ServiceUnavailable", "iam-agent-proxy has no AWS credentials to sign with.")),
    },
  });
  const answer = await proxy.send(request(), body);
  expect(answer.status).toBe(503);
  expect(answer.text).toMatch(shape);
  const { decided, finished } = await proxy.records();
  expect(decided).toMatchObject({ ...known, forwarded: false, decision: { by: "limit" } });
  expect(finished).toMatchObject({ outcome: "answered", status: 503 });
});

test("our own bugs are told at the terminal, and to the agent only that there was one", async () => {
  const bug = new TypeError("x is not a function");
  await open({ upstreams: { credentials: () => Promise.reject(bug) } });
  const answer = await proxy.send(getObject());
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("x is not a function");
  expect(answer.text).toContain("Its terminal says why");
  expect(proxy.faults).toEqual([bug]);
  expect((await proxy.records()).decided).toMatchObject({ forwarded: false, decision: { by: "limit" } });
});

test("requests pipelined on one connection are judged one by one, and answered in order", async () => {
  await openIn("enforce");
  const heads = ["/a", "/secret/b", "/c"].map((target) => getObject({ target }));
  const text = await proxy.sendPipelined(heads);
  expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 403", "HTTP/1.1 200"]);
  await vi.waitFor(() => expect(proxy.finished).toHaveLength(3));
  const fates = Object.fromEntries(
    proxy.decided.map(({ checks, forwarded }) => [JSON.stringify(checks[0]?.resource), forwarded]),
  );
  expect(fates).toEqual({
    '{"arn":"arn:aws:s3:::reports/a"}': true,
    '{"arn":"arn:aws:s3:::reports/secret/b"}': false,
    '{"arn":"arn:aws:s3:::reports/c"}': true,
  });
  const ids = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id).sort();
  expect(new Set(ids(proxy.decided)).size).toBe(3);
  expect(ids(proxy.finished)).toEqual(ids(proxy.decided));
});

test("a hundred requests at once each have their own two records", async () => {
  await openIn("enforce");
  const targets = Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? `/secret/${i}` : `/${i}`));
  const answers = await Promise.all(targets.map((target) => proxy.send(getObject({ target }))));
  expect(answers.map(({ status }) => status)).toEqual(targets.map((_, i) => (i % 4 === 0 ? 403 : 200)));
  await vi.waitFor(() => expect(proxy.finished).toHaveLength(100));
  const outcomes = new Map(proxy.finished.map(({ id, status }) => [id, status]));
  expect(proxy.decided.map(({ id }) => outcomes.get(id))).toEqual(
    proxy.decided.map(({ forwarded }) => (forwarded ? 200 : 403)),
  );
});

describe("a client that asks before it sends its body", () => {
  const body = "x".repeat(1000);
  const expecting = [
    ["Expect", "100-continue"],
    ["Content-Length", "1000"],
  ] as const;

  async function sendOnContinue(head: RequestHead): Promise<{ answer: ClientAnswer; told: boolean }> {
    const request = await proxy.start(head);
    let told = false;
    request.once("continue", () => {
      told = true;
      request.end(body);
    });
    const answer = wholeAnswer(request);
    request.flushHeaders();
    return { answer: await answer, told };
  }

  test("is told no, and sends nothing, when the request is denied", async () => {
    await openIn("enforce");
    const head = getObject({ method: "PUT", target: "/a", body, headers: expecting });
    const { answer, told } = await sendOnContinue(head);
    expect({ status: answer.status, told }).toEqual({ status: 403, told: false });
    expect((await proxy.records()).decided).toMatchObject({ forwarded: false, checks: [{ action: "s3:PutObject" }] });
  });

  test("is told by AWS when the body streams", async () => {
    await open();
    const { answer, told } = await sendOnContinue(getObject({ method: "PUT", target: "/a", body, headers: expecting }));
    expect({ status: answer.status, told }).toEqual({ status: 200, told: true });
    expect(proxy.aws.seen[0]?.body.toString()).toBe(body);
    await proxy.records();
  });

  test("is told by us, once its head is verified, when the body is read", async () => {
    await open();
    const read = { method: "POST", target: "/?delete", body, headers: expecting };
    const { answer, told } = await sendOnContinue(getObject({ ...read, credentials: foreign() }));
    expect({ status: answer.status, told }).toEqual({ status: 403, told: false });
    const { told: toldNow } = await sendOnContinue(getObject(read));
    expect(toldNow).toBe(true);
  });
});

test("bodies held at once are bounded for a key, and there is room again when they are gone", async () => {
  await open();
  const half = 1 << 20;
  const head = stsCall("", { headers: [...form, ["Content-Length", String(half)]] });
  const held = await Promise.all([proxy.start(head), proxy.start(head)]);
  for (const request of held) {
    request.on("error", () => {});
    request.write("A");
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  const refused = await proxy.send(stsCall(identityCall), identityCall);
  expect(refused.status).toBe(503);
  expect(refused.text).toContain("Too many request bodies are held");
  expect(proxy.decided).toMatchObject([{ forwarded: false, decision: { by: "limit" } }]);
  for (const request of held) request.destroy();
  await vi.waitFor(() => expect(proxy.finished).toHaveLength(3));
  expect((await proxy.send(stsCall(identityCall), identityCall)).status).toBe(200);
});

async function closedPort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("conditions in enforce mode", () => {
  const statement = (Condition: object, Effect = "Allow") => ({
    Effect,
    Action: "s3:GetObject",
    Resource: "*",
    Condition,
  });
  const policyOf = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
  const all = { Effect: "Allow", Action: "*", Resource: "*" };

  test.each<[string, object, number]>([
    ["the region of the request", policyOf(statement({ StringEquals: { "aws:RequestedRegion": "eu-west-1" } })), 200],
    ["another region", policyOf(statement({ StringEquals: { "aws:RequestedRegion": "us-east-1" } })), 403],
    [
      "a Deny outside of a region",
      policyOf(all, statement({ StringNotEquals: { "aws:RequestedRegion": "eu-west-1" } }, "Deny")),
      200,
    ],
    ["TLS", policyOf(statement({ Bool: { "aws:SecureTransport": "true" } })), 200],
    ["the account", policyOf(statement({ StringEquals: { "aws:PrincipalAccount": "123456789012" } })), 200],
    ["a time to come", policyOf(statement({ DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })), 200],
    ["a time gone by", policyOf(statement({ NumericLessThan: { "aws:EpochTime": "1600000000" } })), 403],
    [
      "an address, which is not known, does not allow",
      policyOf(statement({ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } })),
      403,
    ],
    [
      "and denies, IfExists or not",
      policyOf(all, statement({ IpAddressIfExists: { "aws:SourceIp": "10.0.0.0/8" } }, "Deny")),
      403,
    ],
    ["nor does Null of it", policyOf(statement({ Null: { "aws:SourceVpce": "true" } })), 403],
  ])("%s", async (_name, policy, status) => {
    await open({ mode: "enforce", policy });
    const answer = await proxy.send(getObject());
    expect(answer.status).toBe(status);
    if (status === 403) {
      const { decided } = await proxy.records();
      expect(decided.decision.policyVersion).toMatch(/^[0-9a-f]{12}$/);
      expect(answer.text).toContain("in policy.json");
    }
  });
});

test("a condition on a parameter of the request holds for it, and not for another or none", async () => {
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "s3:ListBucket",
        Resource: "*",
        Condition: { StringLike: { "s3:prefix": "home/me/*" } },
      },
    ],
  };
  for (const [query, status] of [
    ["prefix=home%2Fme%2F2026", 200],
    ["prefix=home%2Fyou%2F2026", 403],
    ["delimiter=%2F", 403],
  ] as const) {
    await open({ mode: "enforce", policy });
    expect((await proxy.send(getObject({ target: `/?list-type=2&${query}` }))).status).toBe(status);
    await proxy.close();
  }
});

describe("what the operator forbids", () => {
  const all = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

  test.each(modes)("is denied in %s mode, whatever a policy says", async (mode) => {
    await open({ mode, denyActions: ["s3:Get*"], ...(mode === "record" ? {} : { policy: all }) });
    const answer = await proxy.send(getObject());
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("because the operator forbids s3:GetObject (--deny-action s3:Get*)");
    const { decided } = await proxy.records();
    expect(decided).toMatchObject({ forwarded: false, decision: { outcome: "explicitDeny", by: "guard" } });
  });

  test("holds for what needs no permission; a Deny in a policy does not, as in AWS", async () => {
    const identity = "Action=GetCallerIdentity&Version=2011-06-15";
    const deny = { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] };
    await open({ mode: "enforce", policy: deny });
    expect((await proxy.send(stsCall(identity), Buffer.from(identity))).status).toBe(200);
    await open({ mode: "enforce", policy: all, denyActions: ["sts:GetCallerIdentity"] });
    expect((await proxy.send(stsCall(identity), Buffer.from(identity))).status).toBe(403);
  });
});
