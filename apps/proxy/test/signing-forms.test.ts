import { createHmac } from "node:crypto";
import { once } from "node:events";
import {
  type AgentKey,
  type Credentials,
  type Headers,
  headerValue,
  type RequestHead,
  splitTarget,
} from "@iap/aws-core";
import {
  ALGORITHM,
  ALGORITHM_V4A,
  type Algorithm,
  ChunkSigner,
  EMPTY_SHA256,
  EventSigner,
  type PresignOptions,
  presign,
  type SignOptions,
  STREAMING_EVENTS,
  STREAMING_PAYLOAD,
  STREAMING_PAYLOAD_TRAILER,
  STREAMING_V4A_PAYLOAD,
  sha256Hex,
  sign,
  signPostPolicy,
  signStream,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from "@iap/sigv4";
import { readPostForm, verify, verifyPostForm } from "@iap/sigv4-verify";
import { afterEach, describe, expect, test, vi } from "vitest";
import { wholeAnswer } from "./connect-client.ts";
import type { SeenRequest } from "./fake-aws.ts";
import { InterceptedPipeline, type InterceptedPipelineOptions } from "./intercepted-pipeline.ts";

const bucket = "reports.s3.eu-west-1.amazonaws.com";

let proxy: InterceptedPipeline;

// Every test ends with what holds on every path: see `InterceptedPipeline.close`.
afterEach(() => proxy.close());

async function open(options: InterceptedPipelineOptions = {}): Promise<void> {
  proxy = await InterceptedPipeline.open(options);
}

function head(host: string, method: string, target: string, headers: Headers = []): RequestHead {
  return { httpVersion: "1.1", method, target, host, headers: [["Host", host], ...headers] };
}

function options(more: Partial<SignOptions> = {}): SignOptions {
  const { credentials } = proxy.agent;
  return { credentials, region: "eu-west-1", service: "s3", now: new Date(), payload: UNSIGNED_PAYLOAD, ...more };
}

/** What reached AWS, verified under the real key: throws when it does not hold. */
function arrived(index = 0, host = bucket): SeenRequest {
  const seen = proxy.aws.seen[index];
  if (seen === undefined) throw new Error("nothing arrived");
  const key: AgentKey = { ...proxy.agent, credentials: proxy.real, notAfter: new Date(Date.now() + 60_000) };
  const { method, target, headers, body } = seen;
  verify({ httpVersion: "1.1", method, target, headers, host, body }, { keys: { lookup: () => key }, now: new Date() });
  return seen;
}

interface Upload {
  readonly algorithm?: Algorithm;
  readonly trailer?: boolean;
  readonly chunks?: readonly Buffer[];
  readonly host?: string;
}

/** An upload in signed chunks: its head, and its pieces. */
function upload({ algorithm = ALGORITHM, trailer = false, host = bucket, ...init }: Upload): {
  head: RequestHead;
  pieces: Buffer[];
} {
  const chunks = init.chunks ?? [Buffer.alloc(70_000, "a"), Buffer.alloc(30_000, "b")];
  const payload =
    algorithm === ALGORITHM_V4A ? STREAMING_V4A_PAYLOAD : trailer ? STREAMING_PAYLOAD_TRAILER : STREAMING_PAYLOAD;
  const bare = head(host, "PUT", "/big", [
    ["Content-Encoding", "aws-chunked"],
    ["x-amz-content-sha256", payload],
    ["x-amz-decoded-content-length", String(chunks.reduce((sum, { length }) => sum + length, 0))],
    ...(trailer ? ([["x-amz-trailer", "x-amz-checksum-crc32"]] as const) : []),
  ]);
  const signed = signStream(bare, options({ payload, algorithm, regionSet: "*" }));
  const signer = new ChunkSigner(signed.seed);
  const pieces = chunks.map((chunk) => signer.chunk(chunk));
  pieces.push(signer.end(trailer ? [["x-amz-checksum-crc32", "AAAAAA=="]] : undefined));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { head: { ...signed.head, headers: [...signed.head.headers, ["Content-Length", String(length)]] }, pieces };
}

describe("an upload in signed chunks", () => {
  test.each<[string, Upload]>([
    ["without trailers", {}],
    ["with a signed trailer", { trailer: true }],
    ["of SigV4a", { algorithm: ALGORITHM_V4A }],
    ["of an empty object", { chunks: [] }],
  ])("%s goes on under the real key, as long as it was", async (_, init) => {
    await open();
    const { head: signed, pieces } = upload(init);
    const body = Buffer.concat(pieces);
    expect((await proxy.send(signed, body)).status).toBe(200);
    const seen = arrived();
    expect(seen.body).toHaveLength(body.length);
    expect(headerValue(seen.headers, "content-length")).toBe(String(body.length));
    expect(proxy.decided[0]?.checks).toMatchObject([
      { action: "s3:PutObject", resource: { arn: "arn:aws:s3:::reports/big" } },
    ]);
  });

  test("goes on under a multi-region access point's regions", async () => {
    await open();
    const host = "alias.mrap.accesspoint.s3-global.amazonaws.com";
    const { head: signed, pieces } = upload({ algorithm: ALGORITHM_V4A, host });
    expect((await proxy.send(signed, Buffer.concat(pieces))).status).toBe(200);
    expect(headerValue(arrived(0, host).headers, "x-amz-region-set")).toBe("*");
  });

  test("with a wrong chunk breaks off upstream before that chunk, and the client is told why", async () => {
    await open();
    const { head: signed, pieces } = upload({});
    const wrong = Buffer.from(pieces[1] as Buffer);
    wrong[wrong.length - 3] = 0;
    const answer = await proxy.send(signed, Buffer.concat([pieces[0] as Buffer, wrong, pieces[2] as Buffer]));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("<Code>SignatureDoesNotMatch</Code>");
    await vi.waitFor(() => expect(proxy.aws.brokenOff).toBe(1), 5_000);
    expect(proxy.aws.seen).toEqual([]);
    expect(proxy.aws.received).not.toContain("bbbbbbbbbb");
    expect(await proxy.records()).toMatchObject({
      finished: { outcome: "failed", status: 403, errorCode: "SignatureDoesNotMatch" },
    });
  });

  test("with a chunk that there is no room for is refused, and what room others took is given back", async () => {
    await open({ maxBodyBytes: 65_536 });
    const long = upload({ chunks: [Buffer.alloc(600_000, "a")] });
    const answer = await proxy.send(long.head, Buffer.concat(long.pieces));
    expect([answer.status, answer.text]).toMatchObject([503, expect.stringContaining("held for inspection")]);
    expect(proxy.aws.seen).toEqual([]);
    const fitting = upload({ chunks: [Buffer.alloc(250_000, "a"), Buffer.alloc(250_000, "b")] });
    for (let i = 0; i < 3; i++)
      expect((await proxy.send(fitting.head, Buffer.concat(fitting.pieces))).status).toBe(200);
    expect(arrived(2).body).toHaveLength(Buffer.concat(fitting.pieces).length);
  });

  test("cut short by its client never ends upstream", async () => {
    await open();
    const { head: signed, pieces } = upload({});
    const request = await proxy.start(signed);
    request.on("error", () => {});
    request.write(pieces[0]);
    await vi.waitFor(() => expect(proxy.aws.received).toContain("aaaaaaaaaa"), 5_000);
    request.destroy();
    await vi.waitFor(() => expect(proxy.aws.brokenOff).toBe(1), 5_000);
    expect(proxy.aws.seen).toEqual([]);
  });
});

test("a body that has not the hash it was signed with is told from its last piece, which never goes on", async () => {
  await open();
  const body = Buffer.alloc(200_000, "a");
  const bare = head(bucket, "PUT", "/k", [
    ["x-amz-content-sha256", sha256Hex("other")],
    ["Content-Length", "200000"],
  ]);
  const answer = await proxy.send(sign(bare, options({ payload: sha256Hex("other") })), body);
  expect([answer.status, answer.text]).toMatchObject([
    400,
    expect.stringContaining("<Code>XAmzContentSHA256Mismatch</Code>"),
  ]);
  expect(proxy.aws.seen).toEqual([]);
});

test("a signed event stream goes on under the real key, message by message", async () => {
  await open();
  const host = "transcribestreaming.eu-west-1.amazonaws.com";
  const bare = head(host, "POST", "/stream-transcription", [
    ["Content-Type", "application/vnd.amazon.eventstream"],
    ["x-amz-content-sha256", STREAMING_EVENTS],
    ["x-amzn-transcribe-language-code", "en-US"],
    ["Transfer-Encoding", "chunked"],
  ]);
  const { head: signed, seed } = signStream(bare, options({ service: "transcribe", payload: STREAMING_EVENTS }));
  const events = new EventSigner(seed);
  const request = await proxy.start(signed);
  const answered = new Promise<number | undefined>((resolve) =>
    request.once("response", (response) => resolve(response.resume().statusCode)),
  );
  request.write(events.frame(Buffer.from("first"), new Date()));
  await vi.waitFor(() => expect(proxy.aws.received).toContain("first"), 5_000);
  request.end(events.frame(new Uint8Array(), new Date()));
  expect(await answered).toBe(200);
  arrived(0, host);
});

test("a wrong event after the answer has begun ends it with an exception, and upstream before its end", async () => {
  await open();
  proxy.aws.answerHead = (response) => {
    response.writeHead(200, { "Content-Type": "application/vnd.amazon.eventstream" });
    response.flushHeaders();
  };
  const host = "transcribestreaming.eu-west-1.amazonaws.com";
  const bare = head(host, "POST", "/stream-transcription", [
    ["Content-Type", "application/vnd.amazon.eventstream"],
    ["x-amz-content-sha256", STREAMING_EVENTS],
    ["x-amzn-transcribe-language-code", "en-US"],
    ["Transfer-Encoding", "chunked"],
  ]);
  const { head: signed, seed } = signStream(bare, options({ service: "transcribe", payload: STREAMING_EVENTS }));
  const events = new EventSigner(seed);
  const request = await proxy.start(signed);
  const answer = wholeAnswer(request);
  const begun = once(request, "response");
  request.write(events.frame(Buffer.from("first"), new Date()));
  await vi.waitFor(() => expect(proxy.aws.received).toContain("first"), 5_000);
  await begun;
  const other = new EventSigner({ ...seed, signature: "0".repeat(64) });
  request.end(other.frame(Buffer.from("second"), new Date()));
  const { text } = await answer;
  expect(text).toContain(":exception-type");
  expect(text).toContain("InvalidSignatureException");
  await vi.waitFor(() => expect(proxy.aws.brokenOff).toBe(1), 5_000);
  expect(proxy.aws.received).not.toContain("second");
  expect(await proxy.records()).toMatchObject({ finished: { outcome: "failed" } });
});

describe("a presigned URL", () => {
  const url = (more: Partial<PresignOptions> = {}): PresignOptions => ({ ...options(), expiresSeconds: 60, ...more });

  test("goes on signed in its header", async () => {
    await open();
    expect((await proxy.send(presign(head(bucket, "GET", "/k?x-id=GetObject"), url()))).status).toBe(200);
    expect(arrived().target).toBe("/k?x-id=GetObject");
  });

  test("stays one, and is decided by them, when settings stand in its query", async () => {
    await open();
    const target = "/k?x-amz-acl=public-read&x-id=PutObject";
    expect(
      (await proxy.send(presign(head(bucket, "PUT", target, [["Content-Length", "4"]]), url()), "body")).status,
    ).toBe(200);
    const seen = arrived();
    expect(seen.target).toMatch(/^\/k\?x-amz-acl=public-read&x-id=PutObject&X-Amz-Algorithm=AWS4-HMAC-SHA256&/);
    expect(headerValue(seen.headers, "authorization")).toBeUndefined();
    expect(proxy.decided[0]?.checks.map(({ action }) => action)).toEqual(["s3:PutObject", "s3:PutObjectAcl"]);
  });

  test("stays one with its body, when that is read to tell what it does", async () => {
    await open();
    const body = "<Delete><Object><Key>a</Key></Object></Delete>";
    const bare = head(bucket, "POST", "/?delete&x-amz-request-payer=requester", [
      ["Content-Length", String(body.length)],
    ]);
    expect((await proxy.send(presign(bare, url()), body)).status).toBe(200);
    const seen = arrived();
    expect(seen.target).toContain("&X-Amz-Signature=");
    expect(seen.body.toString()).toBe(body);
    expect(proxy.decided[0]?.checks).toMatchObject([
      { action: "s3:DeleteObject", resource: { arn: "arn:aws:s3:::reports/a" } },
    ]);
  });

  test("of SigV4a goes on for the same regions", async () => {
    await open();
    const v4a = url({ algorithm: ALGORITHM_V4A, regionSet: "eu-*" });
    expect((await proxy.send(presign(head(bucket, "GET", "/k"), v4a))).status).toBe(200);
    const seen = arrived();
    expect(headerValue(seen.headers, "x-amz-region-set")).toBe("eu-*");
    expect(headerValue(seen.headers, "authorization")).toMatch(/^AWS4-ECDSA-P256-SHA256 /);
  });
});

describe("S3's Signature Version 2 goes on as Version 4", () => {
  const key = (): Credentials => proxy.agent.credentials;
  const hmac = (text: string): string => createHmac("sha1", key().secretAccessKey).update(text).digest("base64");

  test("from a header", async () => {
    await open();
    const date = new Date().toUTCString();
    const token = key().sessionToken ?? "";
    const signature = hmac(`GET\n\n\n${date}\nx-amz-security-token:${token}\n/reports/k?acl`);
    const request = head(bucket, "GET", "/k?acl", [
      ["Date", date],
      ["x-amz-security-token", token],
      ["Authorization", `AWS ${key().accessKeyId}:${signature}`],
    ]);
    expect((await proxy.send(request)).status).toBe(200);
    expect(headerValue(arrived().headers, "authorization")).toContain("/eu-west-1/s3/aws4_request");
    expect(proxy.decided[0]?.checks.map(({ action }) => action)).toEqual(["s3:GetObjectAcl"]);
  });

  test.each(["", "x-amz-acl=private&"])("from a URL (settings in its query: %j)", async (settings) => {
    await open();
    const method = settings === "" ? "GET" : "PUT";
    const expires = Math.floor(Date.now() / 1000) + 60;
    const token = key().sessionToken ?? "";
    const amz = `${settings === "" ? "" : "x-amz-acl:private\n"}x-amz-security-token:${token}\n`;
    const signature = hmac(`${method}\n\n\n${expires}\n${amz}/reports/k`);
    const auth = `AWSAccessKeyId=${key().accessKeyId}&Signature=${uriEncode(signature, false)}&Expires=${expires}&x-amz-security-token=${uriEncode(token, false)}`;
    expect((await proxy.send(head(bucket, method, `/k?${settings}${auth}`))).status).toBe(200);
    const { target } = arrived();
    if (settings === "") expect(target).toBe("/k");
    else expect(target).toMatch(/^\/k\?x-amz-acl=private&X-Amz-Algorithm=/);
    expect(target).not.toContain("AWSAccessKeyId");
    expect(proxy.decided[0]).toMatchObject({ operations: [settings === "" ? "GetObject" : "PutObject"] });
  });
});

test("an S3 Express session goes on as one, with the real token in its place", async () => {
  await open();
  const host = "b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com";
  const session = options({ service: "s3express", tokenHeader: "x-amz-s3session-token", payload: EMPTY_SHA256 });
  expect((await proxy.send(sign(head(host, "GET", "/k"), session))).status).toBe(200);
  const seen = arrived(0, host);
  expect(headerValue(seen.headers, "x-amz-s3session-token")).toBe(proxy.real.sessionToken);
  expect(headerValue(seen.headers, "x-amz-security-token")).toBeUndefined();
});

describe("a Bedrock API key", () => {
  const host = "bedrock-runtime.eu-west-1.amazonaws.com";
  const body = '{"messages":[]}';

  function converse(region = "eu-west-1"): RequestHead {
    const bedrock = "bedrock.amazonaws.com";
    const bare = { ...head(bedrock, "POST", "/?Action=CallWithBearerToken"), headers: [["host", bedrock]] as const };
    const { target } = presign(bare, {
      ...options(),
      region,
      service: "bedrock",
      payload: EMPTY_SHA256,
      expiresSeconds: 600,
    });
    const key = `bedrock-api-key-${Buffer.from(`${bedrock}${target}&Version=1`, "latin1").toString("base64")}`;
    return head(host, "POST", "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse", [
      ["Authorization", `Bearer ${key}`],
      ["Content-Type", "application/json"],
      ["Content-Length", String(body.length)],
    ]);
  }

  test("goes on as a signature of the real key, and needs leave to be used", async () => {
    await open();
    expect((await proxy.send(converse(), body)).status).toBe(200);
    expect(headerValue(arrived(0, host).headers, "authorization")).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(proxy.decided[0]?.checks.map(({ action }) => action)).toEqual([
      "bedrock:InvokeModel",
      "bedrock:CallWithBearerToken",
    ]);
  });

  test("is refused where a policy denies such keys", async () => {
    const Statement = [
      { Effect: "Allow", Action: "bedrock:*", Resource: "*" },
      { Effect: "Deny", Action: "bedrock:CallWithBearerToken", Resource: "*" },
    ];
    await open({ mode: "enforce", policy: { Version: "2012-10-17", Statement } });
    const answer = await proxy.send(converse(), body);
    expect(answer.status).toBe(403);
    expect(answer.header("x-amzn-errortype")).toBe("AccessDeniedException");
  });

  test("is refused at another region's host", async () => {
    await open();
    expect((await proxy.send(converse("us-east-1"), body)).status).toBe(403);
  });
});

describe("an S3 POST form", () => {
  const file = Buffer.alloc(300_000, "f");

  function form(
    fields: Readonly<Record<string, string>>,
    conditions: readonly unknown[],
    content = file,
  ): { head: RequestHead; body: Buffer } {
    const document = { expiration: new Date(Date.now() + 60_000).toISOString(), conditions };
    const signed = signPostPolicy(document, {
      credentials: proxy.agent.credentials,
      region: "eu-west-1",
      now: new Date(),
    });
    const parts = [...Object.entries(fields), ...signed].map(
      ([name, value]) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const last = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(`${parts.join("")}${last}`), content, Buffer.from("\r\n--B--\r\n")]);
    const headers = [
      ["Content-Type", "multipart/form-data; boundary=B"],
      ["Content-Length", String(body.length)],
    ] as const;
    return { head: head(bucket, "POST", "/", headers), body };
  }

  const conditions = [{ bucket: "reports" }, ["starts-with", "$key", "in/"], ["content-length-range", 0, 300_000]];
  const key = { key: "in/".concat("$", "{filename}") };

  test.each([1 << 20, 1000])(
    "goes on with the real credential in its fields, its file as it came (in pieces of %d)",
    async (size) => {
      await open();
      const { head: posted, body } = form(key, conditions);
      const request = await proxy.start(posted);
      const answered = wholeAnswer(request);
      for (let at = 0; at < body.length; at += size) {
        request.write(body.subarray(at, at + size));
        if (at < 10_000) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      request.end();
      expect((await answered).status).toBe(200);
      const [seen] = proxy.aws.seen;
      if (seen === undefined) throw new Error("nothing arrived");
      expect(headerValue(seen.headers, "content-length")).toBe(String(seen.body.length));
      expect(seen.body.includes(file)).toBe(true);
      const arrivedHead = { ...posted, headers: seen.headers };
      const again = readPostForm(arrivedHead, seen.body);
      if (again === undefined) throw new Error("the form did not arrive");
      const real = { ...proxy.agent, credentials: proxy.real };
      const verified = verifyPostForm(arrivedHead, again, { keys: { lookup: () => real }, now: new Date() });
      expect(verified.equivalent.target).toBe("/in/a.bin");
      expect(proxy.decided[0]).toMatchObject({
        operations: ["PutObject"],
        checks: [{ action: "s3:PutObject", resource: { arn: "arn:aws:s3:::reports/in/a.bin" } }],
      });
    },
  );

  test("is read however small its pieces are, and its file", async () => {
    await open();
    const { head: posted, body } = form(key, conditions, Buffer.from("f"));
    const request = await proxy.start(posted);
    const answered = wholeAnswer(request);
    for (let at = 0; at < body.length; at += 50) {
      request.write(body.subarray(at, at + 50));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    request.end();
    expect((await answered).status).toBe(200);
    expect(proxy.aws.seen[0]?.body.toString("latin1")).toContain("\r\n\r\nf\r\n--B--");
  });

  test("that does not say how long it is goes on without saying it", async () => {
    await open();
    const { head: posted, body } = form(key, conditions);
    const headers = posted.headers.map(([name, value]) =>
      name === "Content-Length" ? (["Transfer-Encoding", "chunked"] as const) : ([name, value] as const),
    );
    expect((await proxy.send({ ...posted, headers }, body)).status).toBe(200);
    const [seen] = proxy.aws.seen;
    expect(headerValue(seen?.headers ?? [], "content-length")).toBeUndefined();
    expect(seen?.body.includes(file)).toBe(true);
  });

  test("is denied by policy before its file is sent", async () => {
    const Statement = [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::reports/out/*" }];
    await open({ mode: "enforce", policy: { Version: "2012-10-17", Statement } });
    const { head: posted, body } = form(key, conditions);
    const answer = await proxy.send(posted, body);
    expect([answer.status, answer.text]).toMatchObject([403, expect.stringContaining("s3:PutObject")]);
    expect(proxy.aws.connections).toBe(0);
  });

  test("is judged by the User-Agent that goes on", async () => {
    const Statement = [
      { Effect: "Allow", Action: "s3:PutObject", Resource: "*" },
      { Effect: "Deny", Action: "*", Resource: "*", Condition: { StringLike: { "aws:UserAgent": "old-uploader/*" } } },
    ];
    await open({ mode: "enforce", policy: { Version: "2012-10-17", Statement } });
    const { head: posted, body } = form(key, conditions);
    const by = (agent: string): RequestHead => ({ ...posted, headers: [...posted.headers, ["User-Agent", agent]] });
    expect((await proxy.send(by("old-uploader/1"), body)).status).toBe(403);
    expect(proxy.aws.seen).toEqual([]);
    expect((await proxy.send(by("uploader/2"), body)).status).toBe(200);
    expect(proxy.decided[1]?.checks[0]?.context).toMatchObject({ "aws:UserAgent": "uploader/2 by/tester" });
    expect(headerValue(proxy.aws.seen[0]?.headers ?? [], "user-agent")).toBe("uploader/2 by/tester");
  });

  test("with a file longer than its policy allows breaks off upstream", async () => {
    await open();
    const { head: posted, body } = form(key, [...conditions, ["content-length-range", 0, 200_000]]);
    const answer = await proxy.send(posted, body);
    expect([answer.status, answer.text]).toMatchObject([400, expect.stringContaining("<Code>EntityTooLarge</Code>")]);
    expect(proxy.aws.seen).toEqual([]);
  });

  test("that is cut short before its file is incomplete", async () => {
    await open();
    const { head: posted, body } = form(key, conditions);
    const headers = posted.headers.map(([name, value]) => [name, name === "Content-Length" ? "200" : value] as const);
    const answer = await proxy.send({ ...posted, headers }, body.subarray(0, 200));
    expect([answer.status, answer.text]).toMatchObject([400, expect.stringContaining("<Code>IncompleteBody</Code>")]);
    expect(proxy.aws.connections).toBe(0);
  });

  test("without a signature is refused", async () => {
    await open();
    const body = '--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--B--\r\n';
    const headers = [
      ["Content-Type", "multipart/form-data; boundary=B"],
      ["Content-Length", String(body.length)],
    ] as const;
    expect((await proxy.send(head(bucket, "POST", "/", headers), body)).status).toBe(403);
    expect(proxy.aws.connections).toBe(0);
  });
});

test("a SigV4a request is decided without a region, for any of its set may serve it", async () => {
  const host = "abcde.veo.endpoint.events.amazonaws.com";
  const body = JSON.stringify({
    EndpointId: "abcde.veo",
    Entries: [{ EventBusName: "default", Source: "s", DetailType: "d", Detail: "{}" }],
  });
  const bare = head(host, "POST", "/", [
    ["X-Amz-Target", "AWSEvents.PutEvents"],
    ["Content-Type", "application/x-amz-json-1.1"],
    ["Content-Length", String(body.length)],
  ]);
  await open();
  const v4a = options({ service: "events", payload: sha256Hex(body), algorithm: ALGORITHM_V4A, regionSet: "*" });
  expect((await proxy.send(sign(bare, v4a), body)).status).toBe(200);
  arrived(0, host);
  const [check] = proxy.decided[0]?.checks ?? [];
  expect(check?.action).toBe("events:PutEvents");
  expect(check?.context).not.toHaveProperty("aws:RequestedRegion");
  expect(check?.authoritative).not.toContain("aws:RequestedRegion");
});

describe("what is not signed by an agent key does not leave, and its client is told in S3's words", () => {
  test.each<[string, (signed: RequestHead) => RequestHead, number, string]>([
    [
      "twice",
      (signed) => ({ ...signed, target: `${signed.target}?X-Amz-Algorithm=AWS4-HMAC-SHA256` }),
      400,
      "InvalidArgument",
    ],
    [
      "with a stranger's bearer token",
      (signed) => withAuthorization(signed, "Bearer secret-of-a-stranger"),
      403,
      "InvalidAccessKeyId",
    ],
    ["with Basic authentication", (signed) => withAuthorization(signed, "Basic c2VjcmV0"), 403, "InvalidAccessKeyId"],
    ["not at all", (signed) => ({ ...signed, headers: signed.headers.slice(0, 1) }), 403, "AccessDenied"],
  ])("%s", async (_, change, status, code) => {
    await open();
    const answer = await proxy.send(change(sign(head(bucket, "GET", "/k"), options())));
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(`<Code>${code}</Code>`);
    expect(answer.text).not.toContain("stranger");
    expect(proxy.aws.connections).toBe(0);
    const { decided } = await proxy.records();
    expect(decided.forwarded).toBe(false);
    expect(splitTarget(decided.host).path).toBe(bucket);
  });
});

function withAuthorization(request: RequestHead, value: string): RequestHead {
  return {
    ...request,
    headers: request.headers.map(([name, old]) => [name, name === "Authorization" ? value : old] as const),
  };
}
