import { createHash, createHmac, hash } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { median } from "../median.mjs";
import { row } from "../row.mjs";
import {
  ALGORITHM_V4A,
  ChunkSigner,
  Credentials,
  inboundSeed,
  parseAuthorization,
  SignedChunksFilter,
  SigningKeys,
  STREAMING_PAYLOAD,
  sha256Hex,
  sign,
  signStream,
  verify,
} from "../workspace.mjs";

const now = new Date();
const body = Buffer.from('{"QueueUrl":"https://q","MessageBody":""}');
const chunkLength = 65_536;
/** The machine that the goal for a pair was set on hashes so many bytes a nanosecond. */
const referenceBandwidth = 1.8;

const agent = new Credentials({
  accessKeyId: "ASIABENCHAGENT000000",
  secretAccessKey: "a".repeat(40),
  sessionToken: "t".repeat(900),
});
const upstream = new Credentials({
  accessKeyId: "ASIABENCHUPSTREAM000",
  secretAccessKey: "u".repeat(40),
  sessionToken: "T".repeat(900),
});
const key = { agent: "bench", session: "s", credentials: agent, notAfter: new Date(8.64e15), upstream: "default" };
const keys = { lookup: () => key };
const signingKeys = new SigningKeys();

/** What signing costs, in this process and on one core: by itself, beside AWS's own signer and bare SHA-256. */
export async function signing({ quick, say }) {
  const rounds = quick ? 3 : 7;
  const ms = quick ? 60 : 300;
  const measured = { sign: [], smithy: [], pair: [], v4a: [], hash: [], chunks: [] };
  const data = Buffer.alloc(chunkLength, "x");
  const request = agentRequest();
  const options = upstreamOptions();
  const v4aOptions = { ...options, algorithm: ALGORITHM_V4A, regionSet: "*" };
  const v4aRequest = { ...sign(bareHead(), { ...v4aOptions, credentials: agent }), body };
  const smithy = smithySigner();
  const upload = chunkedUpload();
  for (let round = 1; round <= rounds; round++) {
    say(`signing: round ${round} of ${rounds}`);
    const [hashes, passes] = turnByTurn([() => hash("sha256", data), upload.pass], ms);
    measured.hash.push(hashes * chunkLength);
    measured.chunks.push(passes * upload.bytes);
    measured.sign.push(perSecond(() => sign(request, options), ms));
    measured.smithy.push(await perSecondAsync(smithy, ms));
    measured.pair.push(perSecond(() => pair(request, options), ms));
    measured.v4a.push(perSecond(() => pair(v4aRequest, v4aOptions), ms));
  }
  return rowsOf(measured);
}

function rowsOf({ sign: ours, smithy, pair: pairs, v4a, hash: hashed, chunks }) {
  const count = (n) => `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)} k/s`;
  const bandwidth = (n) => `${(n / 1e9).toFixed(2)} GB/s`;
  const times = (n) => `${n.toFixed(2)} ×`;
  const share = Math.min(1, median(hashed) / 1e9 / referenceBandwidth);
  return [
    row("sign a request (beside: @smithy/signature-v4)", { ours, beside: smithy, format: count }),
    row("sign a request: times the speed of @smithy/signature-v4", {
      ours: ours.map((n, i) => n / smithy[i]),
      format: times,
      goal: { least: 5 },
    }),
    row("verify a request and sign it anew", { ours: pairs, format: count, goal: { least: 50_000 * share } }),
    row("the same with SigV4a", { ours: v4a, format: count }),
    row("verify chunks of 64 KB and sign them anew (beside: SHA-256)", {
      ours: chunks,
      beside: hashed,
      format: bandwidth,
    }),
    row("the same: of the speed of SHA-256", {
      ours: chunks.map((n, i) => n / hashed[i]),
      format: times,
      goal: { least: 0.7 },
    }),
  ];
}

const host = "sqs.us-east-1.amazonaws.com";

/** What boto3 sends to SQS, before it is signed. */
function bareHead() {
  const headers = [
    ["Host", host],
    ["X-Amz-Target", "AmazonSQS.SendMessage"],
    ["Content-Type", "application/x-amz-json-1.0"],
    ["User-Agent", "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux"],
    ["x-amzn-query-mode", "true"],
    ["amz-sdk-invocation-id", "0b2e1b0e-6e8d-4f3e-9d83-06b1f9d3f1f0"],
    ["amz-sdk-request", "attempt=1"],
    ["Content-Length", String(body.length)],
    ["Accept-Encoding", "identity"],
  ];
  return { httpVersion: "1.1", method: "POST", target: "/", host, headers };
}

function agentRequest() {
  return { ...sign(bareHead(), { ...upstreamOptions(), credentials: agent }), body };
}

function upstreamOptions() {
  const signedHeaders = ["amz-sdk-invocation-id", "amz-sdk-request", "content-length"];
  const where = { region: "us-east-1", service: "sqs", now, payload: sha256Hex(body) };
  return { credentials: upstream, ...where, signedHeaders, signingKeys };
}

function pair(request, options) {
  const { authorization, payload } = verify(request, { keys, now, signingKeys });
  return sign(request, { ...options, payload, signedHeaders: authorization.signedHeaders });
}

/** The same request as AWS's own signer takes it. */
function smithySigner() {
  const { accessKeyId, secretAccessKey, sessionToken } = upstream;
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const signer = new SignatureV4({ service: "sqs", region: "us-east-1", credentials, sha256: NodeSha256 });
  const headers = Object.fromEntries(bareHead().headers.map(([name, value]) => [name.toLowerCase(), value]));
  const request = { protocol: "https:", hostname: host, method: "POST", path: "/", query: {}, headers, body };
  return () => signer.sign(request, { signingDate: now });
}

class NodeSha256 {
  #hash;

  constructor(secret) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }

  update(data) {
    this.#hash.update(data);
  }

  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
}

/** An upload in signed chunks, as TLS hands it over: pieces of 16 KB. */
function chunkedUpload() {
  const name = "bench.s3.us-east-1.amazonaws.com";
  const headers = [
    ["Host", name],
    ["x-amz-content-sha256", STREAMING_PAYLOAD],
  ];
  const head = { httpVersion: "1.1", method: "PUT", target: "/key", host: name, headers };
  const where = { region: "us-east-1", service: "s3", now, payload: STREAMING_PAYLOAD };
  const inbound = signStream(head, { ...where, credentials: agent });
  const signer = new ChunkSigner(inbound.seed);
  const data = Buffer.alloc(chunkLength, "x");
  const chunks = Array.from({ length: 8 }, () => signer.chunk(data));
  const sent = Buffer.concat([...chunks, signer.end()]);
  const pieces = [];
  for (let at = 0; at < sent.length; at += 16_384) pieces.push(sent.subarray(at, at + 16_384));
  const seed = inboundSeed(parseAuthorization(inbound.head), key);
  const { seed: resign } = signStream(head, { ...where, credentials: upstream });
  const pass = () => {
    const filter = new SignedChunksFilter({ seed, resign, trailer: false });
    let length = 0;
    for (const piece of pieces) {
      const passed = filter.push(piece);
      if (passed === undefined) continue;
      length += passed.length;
      // As the interceptor does when it has left.
      filter.release(passed);
    }
    length += filter.end().length;
    if (length !== sent.length) throw new Error("a resigned body has another length");
  };
  return { pass, bytes: sent.length };
}

/** How often something is done in a second of CPU: what others do on the machine does not count. */
function perSecond(action, ms) {
  const { usedMs, over } = cpuTime(ms);
  let count = 0;
  while (!over()) {
    for (let i = 0; i < 8; i++) action();
    count += 8;
  }
  return (count * 1000) / usedMs();
}

/** The same of several actions, a little of each in turn, so that what slows the machine down slows all of them. */
function turnByTurn(actions, ms) {
  const turns = 10;
  const sums = actions.map(() => 0);
  for (let turn = 0; turn < turns; turn++) {
    actions.forEach((action, i) => {
      sums[i] += perSecond(action, ms / turns) / turns;
    });
  }
  return sums;
}

async function perSecondAsync(action, ms) {
  const { usedMs, over } = cpuTime(ms);
  let count = 0;
  while (!over()) {
    for (let i = 0; i < 8; i++) await action();
    count += 8;
  }
  return (count * 1000) / usedMs();
}

function cpuTime(ms) {
  const before = process.cpuUsage();
  const usedMs = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  return { usedMs, over: () => usedMs() >= ms };
}
