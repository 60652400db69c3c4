import { EMPTY_SHA256, sign } from "./workspace.mjs";

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
 */
export function signedRequest({ credentials, method = "GET", target = "/key", payload = EMPTY_SHA256, contentLength }) {
  const headers = [
    ["Host", host],
    ["User-Agent", "bench"],
    ["x-amz-content-sha256", payload],
    ...(contentLength === undefined ? [] : [["Content-Length", String(contentLength)]]),
  ];
  const signed = sign(
    { httpVersion: "1.1", method, target, headers, host },
    { credentials, region: "us-east-1", service: "s3", now: new Date(), payload },
  );
  const lines = signed.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${signed.target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}
