import {
  ChunkSigner,
  EMPTY_SHA256,
  STREAMING_PAYLOAD,
  sha256Hex,
  sign,
  signedChunksLength,
  signStream,
} from "./workspace.mjs";

/** The host that requests are for, and the one at number `n` for those that must be new. */
export const host = "bench.s3.us-east-1.amazonaws.com";
export const numberedHost = (n) => `bench-${n}.s3.us-east-1.amazonaws.com`;

/**
 * The bytes of the head of a request to S3, signed as a client signs it.
 * @param {object} options
 * @param {import("./workspace.mjs").Credentials} options.credentials
 * @param {string} [options.method] GET
 * @param {string} [options.target] An object of 1 KB.
 * @param {string} [options.payload] The hash line; that of no body.
 * @param {number} [options.contentLength] Of a body that follows.
 * @param {readonly (readonly [string, string])[]} [options.headers] More of them.
 * @param {string} [options.authority] What its Host header says.
 */
export function signedRequest({
  credentials,
  method = "GET",
  target = "/key",
  payload = EMPTY_SHA256,
  contentLength,
  headers: more = [],
  authority = host,
}) {
  const headers = [
    ["Host", authority],
    ["User-Agent", "bench"],
    ["x-amz-content-sha256", payload],
    ...more,
    ...(contentLength === undefined ? [] : [["Content-Length", String(contentLength)]]),
  ];
  const signed = sign(
    { httpVersion: "1.1", method, target, headers, host },
    { credentials, region: "us-east-1", service: "s3", now: new Date(), payload },
  );
  return headBytes(signed);
}

/**
 * An upload of `bytes` in signed chunks: the bytes of its head, and what signs its body.
 * @param {{ credentials: import("./workspace.mjs").Credentials, bytes: number, chunkLength: number }} options
 */
export function chunkedRequest({ credentials, bytes, chunkLength }) {
  const headers = [
    ["Host", host],
    ["User-Agent", "bench"],
    ["Content-Encoding", "aws-chunked"],
    ["x-amz-content-sha256", STREAMING_PAYLOAD],
    ["x-amz-decoded-content-length", String(bytes)],
    ["Content-Length", String(signedChunksLength({ decodedLength: bytes, chunkLength }))],
  ];
  const { head, seed } = signStream(
    { httpVersion: "1.1", method: "PUT", target: "/chunks", headers, host },
    { credentials, region: "us-east-1", service: "s3", now: new Date(), payload: STREAMING_PAYLOAD },
  );
  return { head: headBytes(head), signer: new ChunkSigner(seed) };
}

/**
 * The bytes of a request to some service, signed as a client signs it.
 * @param {import("./workspace.mjs").Credentials} credentials
 * @param {import("./service-requests.mjs").ServiceRequest} request
 */
export function serviceRequest(credentials, { service, region, host, method, target, headers, body }) {
  const content = Buffer.from(body);
  const all = [
    ["Host", host],
    ["User-Agent", "bench"],
    ...headers,
    ...(method === "POST" ? [["Content-Length", String(content.length)]] : []),
  ];
  const head = { httpVersion: "1.1", method, target, headers: all, host };
  const signed = sign(head, { credentials, region, service, now: new Date(), payload: sha256Hex(content) });
  return Buffer.concat([headBytes(signed), content]);
}

function headBytes({ method, target, headers }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}
