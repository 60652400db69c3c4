import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { AwsError } from "@iap/aws-core";
import { encodedDate, encodeSignedEvent, eventFrameLength, readSignedEvent, resignFrame } from "../../src/index.ts";

const date = encodedDate(new Date("2026-01-01T00:00:00Z"));
export const seeds: readonly Uint8Array[] = [
  encodeSignedEvent(date, Buffer.alloc(32, 1), Buffer.from("payload")),
  encodeSignedEvent(date, Buffer.alloc(32, 2), Buffer.alloc(0)),
];

/** With its checksums put right, any frame is read as one event or refused; signed anew, it is the same but for that. */
export function run(bytes: Uint8Array): void {
  const frame = Buffer.from(bytes);
  if (frame.length < 16) return;
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
  try {
    assert.equal(eventFrameLength(frame), frame.length);
    const event = readSignedEvent(frame);
    assert.equal(event.signature.length, 32);
    assert.ok(event.payload.length + event.dateHeader.length + 32 < frame.length);
    const payload = Buffer.from(event.payload);
    resignFrame(frame, event, Buffer.alloc(32, 9));
    const again = readSignedEvent(frame);
    assert.deepEqual(Buffer.from(again.signature), Buffer.alloc(32, 9));
    assert.deepEqual(Buffer.from(again.payload), payload);
    assert.deepEqual(again.date, event.date);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
  }
}
