import assert from "node:assert/strict";
import { AwsError } from "@iap/aws-core";
import { AwsChunkedParser } from "../../src/index.ts";

export const seeds: readonly Uint8Array[] = [
  "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
  "3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:x\r\n\r\n",
  "0\r\nx-amz-checksum-crc32:\r\n\r\n",
  "a;ext=1\r\n0123456789\r\n0\r\n\r\n",
].map((text) => Buffer.from(text, "latin1"));

function read(bytes: Uint8Array, size: number): string {
  const parser = new AwsChunkedParser({ trailers: ["x-amz-checksum-crc32"] });
  try {
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    parser.end();
    return "whole";
  } catch (error) {
    if (error instanceof AwsError) return error.message;
    throw error;
  }
}

/** However the body is split, it is judged alike; and what is whole is framed as an independent reader frames it. */
export function run(bytes: Uint8Array): void {
  const once = read(bytes, Math.max(1, bytes.length));
  for (const size of [1, 3, 7]) assert.equal(read(bytes, size), once);
  if (once !== "whole") return;
  let rest = Buffer.from(bytes).toString("latin1");
  for (;;) {
    const line = /^([0-9a-f]{1,16})\r\n/i.exec(rest);
    assert.ok(line !== null, "a whole body has a size where one is due");
    const size = Number.parseInt(line[1] as string, 16);
    rest = rest.slice(line[0].length);
    if (size === 0) break;
    assert.equal(rest.slice(size, size + 2), "\r\n");
    rest = rest.slice(size + 2);
  }
  assert.match(rest, /^x-amz-checksum-crc32:[^\r\n\0]*\r\n\r\n$/i);
}
