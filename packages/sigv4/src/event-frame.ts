import { crc32 } from "node:zlib";
import { AwsError } from "@iap/aws-core";

/** A signed event as it stands in a stream: its date, its signature, and the payload, which holds the event itself. */
export interface SignedEvent {
  /** The encoded `:date` header, which the signature covers. */
  readonly dateHeader: Uint8Array;
  readonly date: Date;
  /** 32 bytes. */
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
  /** Where the signature stands in the frame. */
  readonly signatureAt: number;
}

const PRELUDE = 12;
const CRC = 4;
const DATE = ":date";
const SIGNATURE = ":chunk-signature";
/** Header value types of the event stream encoding: a byte array, text, and milliseconds since the epoch. */
const BYTES = 6;
const TEXT = 7;
const TIMESTAMP = 8;

/** The total length that the first 12 bytes of a frame state. Throws `InvalidRequest` when they are not a prelude. */
export function eventFrameLength(prelude: Buffer): number {
  const total = prelude.readUInt32BE(0);
  const headers = prelude.readUInt32BE(4);
  if (crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8)) throw malformed("a prelude's checksum is wrong");
  if (total < PRELUDE + headers + CRC) throw malformed("a message is shorter than its headers");
  return total;
}

/** Reads a whole frame. Throws `InvalidRequest` when it is not a signed event: `:date` and `:chunk-signature`, no other header. */
export function readSignedEvent(frame: Buffer): SignedEvent {
  if (frame.length < PRELUDE + CRC || PRELUDE + frame.readUInt32BE(4) > frame.length - CRC) {
    throw malformed("a message is shorter than its headers");
  }
  if (crc32(frame.subarray(0, -CRC)) !== frame.readUInt32BE(frame.length - CRC)) {
    throw malformed("a message's checksum is wrong");
  }
  const headersEnd = PRELUDE + frame.readUInt32BE(4);
  let dateAt = -1;
  let signatureAt = -1;
  for (let at = PRELUDE; at < headersEnd; ) {
    const name = frame.toString("latin1", at + 1, Math.min(at + 1 + (frame[at] as number), headersEnd));
    const value = at + 1 + name.length;
    if (name === DATE && frame[value] === TIMESTAMP && value + 9 <= headersEnd && dateAt < 0) {
      dateAt = at;
      at = value + 9;
    } else if (name === SIGNATURE && isSignature(frame, value, headersEnd) && signatureAt < 0) {
      signatureAt = value + 3;
      at = signatureAt + 32;
    } else {
      throw malformed(`a message has headers other than one ${DATE} and one ${SIGNATURE}`);
    }
  }
  if (dateAt < 0 || signatureAt < 0) throw malformed(`a message lacks ${DATE} or ${SIGNATURE}`);
  const date = new Date(Number(frame.readBigInt64BE(dateAt + 1 + DATE.length + 1)));
  const year = date.getUTCFullYear();
  // The string to sign has a year of four digits. A date that is none has no year at all.
  if (!(year >= 0 && year <= 9999)) throw malformed(`a message's ${DATE} is no date that can be signed`);
  return {
    dateHeader: frame.subarray(dateAt, dateAt + 1 + DATE.length + 9),
    date,
    signature: frame.subarray(signatureAt, signatureAt + 32),
    payload: frame.subarray(headersEnd, -CRC),
    signatureAt,
  };
}

/** Whether 32 bytes stand here. Both types have the same encoding, and no signature covers which of them it is. */
function isSignature(frame: Buffer, at: number, end: number): boolean {
  if (at + 3 + 32 > end || (frame[at] !== BYTES && frame[at] !== TEXT)) return false;
  return frame.readUInt16BE(at + 1) === 32;
}

/** Puts another signature into a frame, and its checksum right. */
export function resignFrame(frame: Buffer, { signatureAt }: SignedEvent, signature: Uint8Array): void {
  frame.set(signature, signatureAt);
  frame.writeUInt32BE(crc32(frame.subarray(0, -CRC)), frame.length - CRC);
}

/** The encoded `:date` header of a date. */
export function encodedDate(date: Date): Buffer {
  const header = Buffer.alloc(1 + DATE.length + 9);
  header[0] = DATE.length;
  header.write(DATE, 1, "latin1");
  header[1 + DATE.length] = TIMESTAMP;
  header.writeBigInt64BE(BigInt(date.getTime()), 2 + DATE.length);
  return header;
}

/** The frame of a signed event. */
export function encodeSignedEvent(dateHeader: Buffer, signature: Uint8Array, payload: Uint8Array): Buffer {
  const name = Buffer.from(`\u0010${SIGNATURE}\u0006\0\u0020`, "latin1");
  const headers = Buffer.concat([dateHeader, name, signature]);
  const frame = Buffer.alloc(PRELUDE + headers.length + payload.length + CRC);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(headers, PRELUDE);
  frame.set(payload, PRELUDE + headers.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, -CRC)), frame.length - CRC);
  return frame;
}

function malformed(why: string): AwsError {
  return new AwsError("InvalidRequest", `The event stream is malformed: ${why}.`);
}
