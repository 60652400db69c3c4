import { crc32 } from "node:zlib";
import { AwsError } from "@iap/aws-core";
import { expect, test } from "vitest";
import { eventStreamError } from "../src/index.ts";

test("an error inside an event stream is one message, an exception", () => {
  const frame = Buffer.from(eventStreamError(new AwsError("SignatureDoesNotMatch", "caf\u00e9")));
  expect(frame.readUInt32BE(0)).toBe(frame.length);
  expect(frame.readUInt32BE(8)).toBe(crc32(frame.subarray(0, 8)));
  expect(frame.readUInt32BE(frame.length - 4)).toBe(crc32(frame.subarray(0, -4)));
  const headers: Record<string, string> = {};
  const end = 12 + frame.readUInt32BE(4);
  for (let at = 12; at < end; ) {
    const name = frame.toString("latin1", at + 1, at + 1 + (frame[at] as number));
    at += 1 + name.length;
    expect(frame[at]).toBe(7);
    const length = frame.readUInt16BE(at + 1);
    headers[name] = frame.toString("utf8", at + 3, at + 3 + length);
    at += 3 + length;
  }
  expect(headers).toEqual({
    ":message-type": "exception",
    ":exception-type": "InvalidSignatureException",
    ":content-type": "application/json",
  });
  expect(JSON.parse(frame.toString("utf8", end, frame.length - 4))).toEqual({ message: "caf\u00e9" });
});
