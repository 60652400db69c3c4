import { crc32 } from "node:zlib";
import type { AwsError } from "@iap/aws-core";
import { errorCode } from "./error-codes.ts";

/**
 * An error inside an event stream that has begun, where status and headers are gone: one message that is an exception,
 * after which the stream ends. See "Event stream encoding" in the Amazon Transcribe guide, and Smithy's event streams.
 */
export function eventStreamError(error: AwsError): Uint8Array {
  const [code] = errorCode(error.code, "restJson1", false);
  const headers = Buffer.concat([
    header(":message-type", "exception"),
    header(":exception-type", code),
    header(":content-type", "application/json"),
  ]);
  const payload = Buffer.from(JSON.stringify({ message: error.message }), "utf8");
  const frame = Buffer.alloc(12 + headers.length + payload.length + 4);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(headers, 12);
  frame.set(payload, 12 + headers.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
  return frame;
}

/** A header of type 7: text with its length in two bytes. */
function header(name: string, value: string): Buffer {
  const bytes = Buffer.alloc(1 + name.length + 3 + value.length);
  bytes[0] = name.length;
  bytes.write(name, 1, "latin1");
  bytes[1 + name.length] = 7;
  bytes.writeUInt16BE(value.length, 2 + name.length);
  bytes.write(value, 4 + name.length, "latin1");
  return bytes;
}
