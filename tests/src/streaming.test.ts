import { connect } from "node:http2";
import { fileURLToPath } from "node:url";
import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runSteps, type StepRun } from "./client-steps.ts";
import { eventFrame, eventHeader, takeFrames } from "./fake-aws/event-frames.ts";
import { FakeStreamingAws } from "./fake-streaming-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { connectThroughProxy } from "./raw-client.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/streaming-sdk-js.mjs", import.meta.url));
const steps = [
  "transcribe:StartStreamTranscription",
  "transcribe:refused",
  "bedrock:InvokeModelWithBidirectionalStream",
];

describe("streams of events over HTTP/2, by the AWS SDK for JavaScript v3", () => {
  let fake: FakeStreamingAws;
  let target: Target;
  let client: StepRun;

  beforeAll(async () => {
    const credentials = sessionCredentials();
    fake = await FakeStreamingAws.start(credentials);
    target = await startTarget(fake, credentials);
    client = await runSteps(process.execPath, [script, ...steps], target.env);
  });
  afterAll(() => target?.stop());

  test("Transcribe hears a conversation, each piece said once the one before was answered", () => {
    expect(client.value("transcribe:StartStreamTranscription")).toEqual(["one 3", "twotw 50000", "three 5"]);
  });

  test("an exception in Transcribe's stream reaches the client as one", () => {
    expect(client.error("transcribe:refused")).toMatchObject({ name: "LimitExceededException", message: "too much" });
  });

  test("Bedrock talks both ways", () => {
    expect(client.value("bedrock:InvokeModelWithBidirectionalStream")).toEqual(["HELLO", "WORLD"]);
  });

  test("AWS got them over HTTP/2, every event signed by the real key, the end included", () => {
    expect(fake.problems).toEqual([]);
    expect(fake.arrived.map(({ httpVersion, host, frames }) => [httpVersion, host, frames])).toEqual([
      ["2", "transcribestreaming.us-east-1.amazonaws.com", 4],
      ["2", "transcribestreaming.us-east-1.amazonaws.com", expect.any(Number)],
      ["2", "bedrock-runtime.us-east-1.amazonaws.com", 3],
    ]);
    expect(fake.arrived.map(({ ended }) => ended)).not.toContain("reset");
  });

  test.skipIf(targetKind === "direct")("nothing of the agent's key pair arrived at AWS", async () => {
    const { accessKeyId, sessionToken } = await target.agentCredentials();
    const heads = JSON.stringify(fake.arrived.map(({ wire }) => wire));
    expect(heads).not.toContain(accessKeyId);
    expect(heads).not.toContain(sessionToken);
  });
});

describe.skipIf(targetKind === "direct")("a stream in enforce mode", () => {
  test("passes when a policy allows its action", async () => {
    const credentials = sessionCredentials();
    const fake = await FakeStreamingAws.start(credentials);
    const allowed = ["transcribe:StartStreamTranscription", "bedrock:InvokeModel"];
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: allowed, Resource: "*" }] };
    const proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [policy] });
    try {
      const client = await runSteps(process.execPath, [script, ...steps], proxy.env);
      expect(client.value("transcribe:StartStreamTranscription")).toEqual(["one 3", "twotw 50000", "three 5"]);
      expect(client.value("bedrock:InvokeModelWithBidirectionalStream")).toEqual(["HELLO", "WORLD"]);
      expect(new Set(proxy.actions)).toEqual(new Set(allowed));
      expect(fake.problems).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  test("an agent that may not is told so before its first event leaves, in the service's words", async () => {
    const credentials = sessionCredentials();
    const fake = await FakeStreamingAws.start(credentials);
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] };
    const proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [policy] });
    try {
      const client = await runSteps(process.execPath, [script, steps[2] as string], proxy.env);
      expect(client.error(steps[2] as string)).toMatchObject({
        name: "AccessDeniedException",
        message: expect.stringContaining("bedrock:InvokeModel"),
      });
      expect(fake.arrived).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });
});

describe.skipIf(targetKind === "direct")("an event that the agent's key did not sign", () => {
  const host = "transcribestreaming.us-east-1.amazonaws.com";

  test("does not leave: AWS's stream is reset before its end, and the agent gets an exception in its own stream", async () => {
    const credentials = sessionCredentials();
    const fake = await FakeStreamingAws.start(credentials);
    const proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    const session = connect(`https://${host}`, {
      createConnection: await connectThroughProxy(proxy.env, host, "h2").then((socket) => () => socket),
    });
    try {
      const agent = await proxy.agentCredentials();
      const signer = new SignatureV4({
        service: "transcribe",
        region: "us-east-1",
        credentials: agent as { accessKeyId: string; secretAccessKey: string; sessionToken: string },
        sha256: Hash.bind(null, "sha256"),
      });
      const { headers } = await signer.sign({
        method: "POST",
        protocol: "https:",
        hostname: host,
        path: "/stream-transcription",
        query: {},
        headers: {
          ":authority": host,
          "content-type": "application/vnd.amazon.eventstream",
          "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-EVENTS",
          "x-amzn-transcribe-language-code": "en-US",
          "x-amzn-transcribe-media-encoding": "pcm",
          "x-amzn-transcribe-sample-rate": "16000",
        },
      });
      const stream = session.request({ ...headers, ":method": "POST", ":path": "/stream-transcription" });
      const received: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => received.push(chunk));
      const over = new Promise<void>((resolve) => stream.once("close", resolve));
      let prior = /Signature=([0-9a-f]+)/.exec(headers.authorization as string)?.[1] as string;
      const say = async (text: string, spoil = false): Promise<void> => {
        const now = new Date(Math.floor(Date.now() / 1000) * 1000);
        const date = BigInt(now.getTime());
        const payload = eventFrame({ ":message-type": "event", ":event-type": "AudioEvent" }, text);
        prior = await signer.sign(
          { headers: eventHeader(":date", date), payload },
          { signingDate: now, priorSignature: prior },
        );
        const signature = Buffer.from(prior, "hex");
        if (spoil) signature.writeUInt8(signature.readUInt8(0) ^ 1, 0);
        stream.write(eventFrame({ ":date": date, ":chunk-signature": signature }, payload));
      };
      await say("good");
      while (received.length === 0 && !stream.closed) await new Promise((resolve) => setTimeout(resolve, 5));
      await say("bad!", true);
      await over;
      const answers = takeFrames(Buffer.concat(received)).frames;
      const types = answers.map(({ headers: all }) => Object.fromEntries(all.map(({ name, value }) => [name, value])));
      expect(types).toMatchObject([
        { ":message-type": "event", ":event-type": "TranscriptEvent" },
        { ":message-type": "exception", ":exception-type": "InvalidSignatureException" },
      ]);
      expect(stream.rstCode).toBe(0);
      const finished = () => proxy.activity.filter(({ type }) => type === "finished");
      while (fake.arrived[0]?.ended === undefined || finished().length === 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(fake.arrived).toMatchObject([{ said: ["good"], frames: 1, ended: "reset" }]);
      expect(fake.problems).toEqual([]);
      expect(finished()).toMatchObject([{ outcome: "failed", errorCode: "SignatureDoesNotMatch" }]);
    } finally {
      session.destroy();
      await proxy.stop();
    }
  });
});

describe("a WebSocket of AWS IoT, by a presigned URL", () => {
  const host = "abc123-ats.iot.us-east-1.amazonaws.com";
  let fake: FakeStreamingAws;
  let target: Target;

  beforeAll(async () => {
    const credentials = sessionCredentials();
    fake = await FakeStreamingAws.start(credentials);
    target = await startTarget(fake, credentials);
  });
  afterAll(() => target?.stop());

  async function handshake(): Promise<string> {
    const { sessionToken, ...keyPair } = await target.agentCredentials();
    const signer = new SignatureV4({
      service: "iotdevicegateway",
      region: "us-east-1",
      credentials: keyPair,
      sha256: Hash.bind(null, "sha256"),
    });
    const { query = {} } = await signer.presign(
      { method: "GET", protocol: "wss:", hostname: host, path: "/mqtt", query: {}, headers: { host } },
      { expiresIn: 300 },
    );
    const parameters = Object.entries({ ...query, "X-Amz-Security-Token": sessionToken });
    const text = parameters.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
    return `GET /mqtt?${text} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
  }

  test("the handshake is signed anew in its query, and bytes pass both ways until both sides end", async () => {
    const socket = await connectThroughProxy(target.env, host);
    let received = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    const until = async (text: string): Promise<void> => {
      while (!received.includes(text)) {
        if (socket.destroyed) throw new Error(`closed; have ${received}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    socket.write(await handshake());
    await until("\r\n\r\n");
    expect(fake.problems).toEqual([]);
    expect(received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(received).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(received).toContain("Sec-WebSocket-Protocol: mqtt");
    for (const word of ["hello", "again"]) {
      socket.write(word);
      await until(word.toUpperCase());
    }
    socket.end();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(fake.arrived.map(({ said, ended }) => [said, ended])).toEqual([[["hello", "again"], "closed"]]);
    if (targetKind === "proxy") {
      const { accessKeyId, sessionToken } = await target.agentCredentials();
      const target0 = decodeURIComponent(fake.arrived[0]?.wire.target ?? "");
      expect(target0).not.toContain(accessKeyId);
      expect(target0).not.toContain(sessionToken);
    }
  });

  test.skipIf(targetKind === "direct")("a handshake that no agent key signed does not leave", async () => {
    const before = fake.arrived.length;
    const socket = await connectThroughProxy(target.env, host);
    socket.write((await handshake()).replace(/X-Amz-Signature=[0-9a-f]{4}/, "X-Amz-Signature=0000"));
    const [answer] = (await new Promise((resolve) => socket.once("data", (chunk) => resolve([chunk])))) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /);
    expect(fake.arrived.length).toBe(before);
    socket.destroy();
  });
});
