/** The load generator, in a process of its own: one target at a time, connections and requests, wall-clock figures. */
import { createHash } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { Connection } from "./connection.mjs";
import { median } from "./median.mjs";
import { serve } from "./serve.mjs";
import { chunkedRequest, host, numberedHost, serviceRequest, signedRequest } from "./signed-request.mjs";
import { Credentials, STREAMING_UNSIGNED_PAYLOAD_TRAILER, UNSIGNED_PAYLOAD } from "./workspace.mjs";

const piece = Buffer.alloc(65_536, "x");
const openAtOnce = 16;

let target;
let connections = [];
let request;

serve({
  aim,
  open,
  run,
  close,
  firstRequests,
  handshakes,
  download,
  upload,
  uploadUnsigned,
  uploadHashed,
  uploadInUnsignedChunks,
  uploadInChunks,
});

/**
 * Chooses what is measured next: the port of a proxy or, not `proxied`, of the upstream, whom to trust, and the keys to
 * sign with. The request is signed once: the figures are not the client's.
 */
function aim({ port, proxied, connectPort, ca, keys }) {
  target = { port, proxied, connectPort, ca, credentials: new Credentials(keys) };
  // A proxy may go by the Host header, and by nothing else.
  const authority = connectPort === undefined ? host : `${host}:${connectPort}`;
  request = signedRequest({ credentials: target.credentials, authority });
}

/**
 * Opens `count` connections more and makes one request on each: the one to S3, or those given in turn, which the connection
 * then keeps to.
 * @param {{ count: number, requests?: readonly import("./service-requests.mjs").ServiceRequest[] }} options
 */
async function open({ count, requests }) {
  const chosen =
    requests === undefined
      ? [{ host, bytes: request }]
      : requests.map((one) => ({ host: one.host, bytes: serviceRequest(target.credentials, one) }));
  let opened = 0;
  const opening = async () => {
    while (opened < count) {
      const { host: name, bytes } = chosen[opened++ % chosen.length];
      const connection = await Connection.open({ ...target, host: name });
      connections.push({ connection, bytes });
      await connection.request(bytes);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, openAtOnce) }, opening));
}

/** Makes requests on all connections, or `clients` of them, one at a time on each, for a time. */
async function run({ ms, clients = connections.length }) {
  const started = performance.now();
  const latencies = [];
  const keepAsking = async ({ connection, bytes }) => {
    let before = performance.now();
    while (before - started < ms) {
      await connection.request(bytes);
      const after = performance.now();
      latencies.push(after - before);
      before = after;
    }
  };
  await Promise.all(connections.slice(0, clients).map(keepAsking));
  const elapsedMs = performance.now() - started;
  return { requests: latencies.length, perSecond: (latencies.length * 1000) / elapsedMs, p50Ms: median(latencies) };
}

function close() {
  for (const { connection } of connections) connection.close();
  connections = [];
}

/** How long each of some requests takes, in milliseconds, as the first on a connection that is open already. */
async function firstRequests({ requests }) {
  const times = [];
  for (const one of requests) {
    const bytes = serviceRequest(target.credentials, one);
    const connection = await Connection.open({ ...target, host: one.host });
    const before = performance.now();
    await connection.request(bytes);
    times.push(performance.now() - before);
    connection.close();
  }
  return times;
}

/**
 * Opens and closes `count` connections one after the other, without a request.
 * @param {{ count: number, firstNumber?: number }} options With a `firstNumber`, each is to a host of its own.
 */
async function handshakes({ count, firstNumber }) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const name = firstNumber === undefined ? host : numberedHost(firstNumber + i);
    const before = performance.now();
    const connection = await Connection.open({ ...target, host: name });
    times.push(performance.now() - before);
    connection.close();
  }
  return { p50Ms: median(times) };
}

/** Downloads `bytes`; reads nothing of the body for `stallMs`, then all at full speed. */
async function download({ bytes, stallMs }) {
  const connection = await Connection.open({ ...target, host });
  let flowing;
  await connection.request(signedRequest({ credentials: target.credentials, target: `/bytes/${bytes}` }), {
    onHead(socket) {
      socket.pause();
      setTimeout(stallMs).then(() => {
        flowing = performance.now();
        socket.resume();
      });
    },
  });
  const flowMs = performance.now() - flowing;
  connection.close();
  return { flowMs };
}

/** Uploads `bytes` to an upstream that reads nothing of the body for `stallMs`, then all at full speed. */
async function upload({ bytes, stallMs }) {
  const connection = await Connection.open({ ...target, host });
  const { credentials } = target;
  const started = performance.now();
  await connection.request(
    signedRequest({
      credentials,
      method: "PUT",
      target: `/stall/${stallMs}`,
      payload: UNSIGNED_PAYLOAD,
      contentLength: bytes,
    }),
    { body: (socket) => sendBytes(socket, bytes) },
  );
  const flowMs = performance.now() - started - stallMs;
  connection.close();
  return { flowMs };
}

/** Uploads `bytes` in signed chunks of 64 KB. */
function uploadInChunks({ bytes }) {
  const { head, signer } = chunkedRequest({ credentials: target.credentials, bytes, chunkLength: piece.length });
  return timedUpload(head, (socket) => sendChunks(socket, bytes, signer));
}

/** Uploads `bytes` whose hash is in the signed head. */
function uploadHashed({ bytes }) {
  const sum = createHash("sha256");
  for (let left = bytes; left > 0; left -= piece.length)
    sum.update(left < piece.length ? piece.subarray(0, left) : piece);
  return uploadWhole({ bytes, payload: sum.digest("hex") });
}

/** Uploads `bytes` that the signature does not cover. */
function uploadUnsigned({ bytes }) {
  return uploadWhole({ bytes, payload: UNSIGNED_PAYLOAD });
}

function uploadWhole({ bytes, payload }) {
  const head = signedRequest({
    credentials: target.credentials,
    method: "PUT",
    target: "/whole",
    payload,
    contentLength: bytes,
  });
  return timedUpload(head, (socket) => sendBytes(socket, bytes));
}

/** Uploads `bytes` in chunks of 64 KB that are not signed, with a trailer, as SDKs do by default. */
function uploadInUnsignedChunks({ bytes }) {
  const begin = Buffer.from(`${piece.length.toString(16)}\r\n`);
  // The checksum is AWS's to verify.
  const end = Buffer.from("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
  const chunks = bytes / piece.length;
  const head = signedRequest({
    credentials: target.credentials,
    method: "PUT",
    target: "/unsigned-chunks",
    payload: STREAMING_UNSIGNED_PAYLOAD_TRAILER,
    contentLength: chunks * (begin.length + piece.length + 2) + end.length,
    headers: [
      ["Content-Encoding", "aws-chunked"],
      ["x-amz-decoded-content-length", String(bytes)],
      ["x-amz-trailer", "x-amz-checksum-crc32"],
    ],
  });
  const chunk = Buffer.concat([begin, piece, Buffer.from("\r\n")]);
  return timedUpload(head, async (socket) => {
    for (let i = 0; i < chunks; i++) await send(socket, chunk);
    socket.write(end);
  });
}

async function timedUpload(head, body) {
  const connection = await Connection.open({ ...target, host });
  const started = performance.now();
  await connection.request(head, { body });
  const flowMs = performance.now() - started;
  connection.close();
  return { flowMs };
}

async function sendChunks(socket, bytes, signer) {
  for (let left = bytes; left > 0; left -= piece.length) {
    await send(socket, signer.chunk(left < piece.length ? piece.subarray(0, left) : piece));
  }
  socket.write(signer.end());
}

async function sendBytes(socket, bytes) {
  for (let left = bytes; left > 0; left -= piece.length) {
    await send(socket, left < piece.length ? piece.subarray(0, left) : piece);
  }
}

async function send(socket, bytes) {
  if (!socket.write(bytes)) await new Promise((resolve) => socket.once("drain", resolve));
}
