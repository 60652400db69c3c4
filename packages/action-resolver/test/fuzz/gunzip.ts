import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { gunzip } from "../../src/gunzip.ts";

const named = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(0, 3), Buffer.of(8), bytes.subarray(4, 10), Buffer.from("n\0"), bytes.subarray(10)]);

export const seeds: readonly Uint8Array[] = [
  gzipSync(""),
  gzipSync("Action=PutMetricData&Version=2010-08-01"),
  named(gzipSync("{}")),
  Buffer.concat([gzipSync("a"), gzipSync("b")]),
];

/** What is read is what zlib reads, if that takes its checksum too; a byte more or less is never the same. */
export function run(bytes: Uint8Array): void {
  const content = gunzip(bytes);
  if (content === undefined) return;
  let whole: Uint8Array | undefined;
  try {
    whole = gunzipSync(bytes);
  } catch {
    whole = undefined;
  }
  if (whole !== undefined) assert.deepEqual(Buffer.from(content), Buffer.from(whole));
  assert.equal(gunzip(Buffer.concat([bytes, Buffer.of(0)])), undefined);
  assert.equal(gunzip(bytes.subarray(0, -1)), undefined);
}
