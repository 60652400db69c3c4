import { crc32 } from "node:zlib";
import { AwsError } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodedDate, encodeSignedEvent, eventFrameLength, readSignedEvent, resignFrame } from "../src/index.ts";

const date = new Date("2026-11-23T12:34:56.789Z");
const signature = Buffer.alloc(32, 7);
const frameOf = (payload: string): Buffer => encodeSignedEvent(encodedDate(date), signature, Buffer.from(payload));

test("a frame is read as it was written", () => {
  const frame = frameOf("payload");
  expect(eventFrameLength(frame.subarray(0, 12))).toBe(frame.length);
  const event = readSignedEvent(frame);
  expect(event.date).toEqual(date);
  expect(Buffer.from(event.signature)).toEqual(signature);
  expect(Buffer.from(event.payload).toString()).toBe("payload");
  expect(Buffer.from(event.dateHeader)).toEqual(encodedDate(date));
});

test("the frame that ends a stream has 83 bytes, as clients send it", () => {
  expect(frameOf("")).toHaveLength(83);
});

test("another signature changes neither the length nor anything else", () => {
  const frame = frameOf("payload");
  const event = readSignedEvent(frame);
  resignFrame(frame, event, Buffer.alloc(32, 9));
  expect(frame).toEqual(encodeSignedEvent(encodedDate(date), Buffer.alloc(32, 9), Buffer.from("payload")));
});

test("a signature may be called bytes or text: it is encoded alike, and nothing signs which", () => {
  const frame = frameOf("payload");
  const at = frame.indexOf(":chunk-signature") + ":chunk-signature".length;
  frame[at] = 7;
  resignFrame(frame, readSignedEvent(frameOf("payload")), signature);
  expect(Buffer.from(readSignedEvent(frame).signature)).toEqual(signature);
  frame[at] = 5;
  resignFrame(frame, readSignedEvent(frameOf("payload")), signature);
  expect(() => readSignedEvent(frame)).toThrow(AwsError);
});

describe("what is no signed event is refused", () => {
  // Year 0, year 9999, and the milliseconds beside them; the ends of what a date can be, and of what 64 bits can hold.
  test.each([
    [-62_167_219_200_000n, true],
    [-62_167_219_200_001n, false],
    [253_402_300_799_999n, true],
    [253_402_300_800_000n, false],
    [8_640_000_000_000_000n, false],
    [8_640_000_000_000_001n, false],
    [(1n << 63n) - 1n, false],
    [-(1n << 63n), false],
  ])("a date of %d ms, which can be signed: %s", (ms, signable) => {
    const header = encodedDate(date);
    header.writeBigInt64BE(ms, header.length - 8);
    const read = () => readSignedEvent(encodeSignedEvent(header, signature, Buffer.from("payload")));
    if (signable) expect(read().date.getTime()).toBe(Number(ms));
    else expect(read).toThrow(AwsError);
  });

  test("a length that leaves no room for the headers it states, or for anything", () => {
    const prelude = frameOf("payload").subarray(0, 12);
    for (const [total, headers] of [
      [15, 0],
      [100, 85],
      [16, 0xffff_ffff],
    ] as const) {
      prelude.writeUInt32BE(total, 0);
      prelude.writeUInt32BE(headers, 4);
      prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
      expect(() => eventFrameLength(prelude)).toThrow(AwsError);
    }
  });

  test.each([":date", ":chunk-signature"])("a message without %s", (missing) => {
    const whole = encodeSignedEvent(
      missing === ":date" ? Buffer.alloc(0) : encodedDate(date),
      signature,
      Buffer.alloc(0),
    );
    const headers = missing === ":date" ? whole.subarray(12, -4) : encodedDate(date);
    const frame = Buffer.alloc(12 + headers.length + 4);
    frame.writeUInt32BE(frame.length, 0);
    frame.writeUInt32BE(headers.length, 4);
    frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
    frame.set(headers, 12);
    frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
    expect(eventFrameLength(frame)).toBe(frame.length);
    expect(() => readSignedEvent(frame)).toThrow(/lacks :date or :chunk-signature/);
  });

  test("a frame with any one bit flipped", () => {
    const whole = frameOf("payload");
    for (let at = 0; at < whole.length; at++) {
      const frame = Buffer.from(whole);
      frame[at] = (frame[at] as number) ^ 1;
      expect(() => {
        eventFrameLength(frame.subarray(0, 12));
        readSignedEvent(frame);
      }).toThrow(AwsError);
    }
  });

  test("a frame that ends before its headers do, whatever its checksum", () => {
    expect(() => readSignedEvent(Buffer.alloc(15))).toThrow(AwsError);
    for (const length of [1, 1000, 0xffff_ffff]) {
      const frame = frameOf("");
      const headers = frame.readUInt32BE(4);
      frame.writeUInt32BE(Math.min(headers + length, 0xffff_ffff), 4);
      frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
      expect(() => readSignedEvent(frame)).toThrow(AwsError);
    }
  });

  test("garbage, without a crash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), (bytes) => {
        try {
          eventFrameLength(Buffer.from(bytes.subarray(0, 12)));
          readSignedEvent(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(AwsError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
