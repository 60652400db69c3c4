/**
 * Streams of the AWS SDK for JavaScript v3 that go over HTTP/2. Its HTTP/2 handler knows no proxy: here `http2.connect`
 * is given connections that were made through one.
 *
 *   node streaming-sdk-js.mjs STEP...
 *
 * prints one JSON line per step, as aws-sdk-js.mjs does.
 */
import { request } from "node:http";
import http2 from "node:http2";
import { connect } from "node:tls";
import { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import { StartStreamTranscriptionCommand, TranscribeStreamingClient } from "@aws-sdk/client-transcribe-streaming";
import { fromIni } from "@aws-sdk/credential-providers";

const region = process.env.AWS_REGION;
const credentials = fromIni({ profile: process.env.AWS_PROFILE });

/** A TLS connection to a host through the proxy, on which HTTP/2 was agreed. */
const tunnel = (host) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(process.env.HTTPS_PROXY);
    const connecting = request({ method: "CONNECT", host: hostname, port, path: `${host}:443`, agent: false });
    connecting.on("error", reject);
    connecting.on("connect", ({ statusCode }, socket) => {
      if (statusCode !== 200) return reject(new Error(`CONNECT: ${statusCode}`));
      const secure = connect({ socket, servername: host, ALPNProtocols: ["h2"] }, () => resolve(secure));
      secure.on("error", reject);
    });
    connecting.end();
  });

/** Connections that are ready: the SDK asks for one, and cannot wait. */
const ready = new Map();
const { connect: connectDirectly } = http2;
http2.connect = (authority, options) => {
  const { hostname } = new URL(authority);
  const socket = ready.get(hostname)?.pop();
  if (socket === undefined) throw new Error(`no connection to ${hostname} is ready`);
  return connectDirectly(authority, { ...options, createConnection: () => socket });
};
const prepare = async (host, count = 1) =>
  ready.set(host, await Promise.all(Array.from({ length: count }, () => tunnel(host))));

const transcribe = async (chunks) => {
  await prepare(`transcribestreaming.${region}.amazonaws.com`);
  const client = new TranscribeStreamingClient({ region, credentials, maxAttempts: 1 });
  const heard = [];
  let listen = () => {};
  const audio = async function* () {
    for (const chunk of chunks) {
      // A conversation: each piece is said once the one before was heard.
      const next = new Promise((resolve) => {
        listen = resolve;
      });
      yield { AudioEvent: { AudioChunk: chunk } };
      await next;
    }
  };
  const { TranscriptResultStream } = await client.send(
    new StartStreamTranscriptionCommand({
      LanguageCode: "en-US",
      MediaEncoding: "pcm",
      MediaSampleRateHertz: 16000,
      AudioStream: audio(),
    }),
  );
  for await (const { TranscriptEvent } of TranscriptResultStream) {
    heard.push(TranscriptEvent.Transcript.Results[0].Alternatives[0].Transcript);
    listen();
  }
  client.destroy();
  return heard;
};

const steps = {
  "transcribe:StartStreamTranscription": () =>
    transcribe([Buffer.from("one"), Buffer.alloc(50_000, "two"), Buffer.from("three")]),
  "transcribe:refused": () => transcribe([Buffer.from("refuse me")]),
  "bedrock:InvokeModelWithBidirectionalStream": async () => {
    await prepare(`bedrock-runtime.${region}.amazonaws.com`);
    const client = new BedrockRuntimeClient({ region, credentials, maxAttempts: 1 });
    const said = async function* () {
      for (const text of ["hello", "world"]) yield { chunk: { bytes: Buffer.from(JSON.stringify({ text })) } };
    };
    const { body } = await client.send(
      new InvokeModelWithBidirectionalStreamCommand({ modelId: "amazon.nova-sonic-v1:0", body: said() }),
    );
    const heard = [];
    for await (const { chunk } of body) heard.push(JSON.parse(Buffer.from(chunk.bytes).toString()).text);
    client.destroy();
    return heard;
  },
};

for (const step of process.argv.slice(2)) {
  try {
    console.log(JSON.stringify({ step, ok: true, value: (await steps[step]()) ?? null }));
  } catch (error) {
    const { name, message, $metadata = {} } = error;
    const { httpStatusCode: status, attempts } = $metadata;
    console.log(JSON.stringify({ step, ok: false, error: { name, message, status, attempts } }));
  }
}
