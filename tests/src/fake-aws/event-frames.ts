import { crc32 } from "node:zlib";

/** A message of an event stream (application/vnd.amazon.eventstream). */
export interface EventFrame {
  readonly headers: readonly EventHeader[];
  readonly payload: Buffer;
}

export interface EventHeader {
  readonly name: string;
  /** Text, bytes, or a time in milliseconds. */
  readonly value: string | Buffer | bigint;
  /** As it stands in the frame. */
  readonly encoded: Buffer;
}

/** Takes whole frames from the beginning of bytes; throws when one is not well-formed. */
export function takeFrames(bytes: Buffer): { readonly frames: EventFrame[]; readonly rest: Buffer } {
  const frames: EventFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 12) {
    const total = bytes.readUInt32BE(at);
    if (bytes.length - at < total) break;
    const frame = bytes.subarray(at, at + total);
    const headersLength = frame.readUInt32BE(4);
    if (crc32(frame.subarray(0, 8)) !== frame.readUInt32BE(8)) throw new Error("the prelude's checksum is wrong");
    if (crc32(frame.subarray(0, -4)) !== frame.readUInt32BE(total - 4)) throw new Error("a frame's checksum is wrong");
    const headers = frame.subarray(12, 12 + headersLength);
    frames.push({ headers: readHeaders(headers), payload: frame.subarray(12 + headersLength, -4) });
    at += total;
  }
  return { frames, rest: bytes.subarray(at) };
}

function readHeaders(bytes: Buffer): EventHeader[] {
  const headers: EventHeader[] = [];
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + (bytes[at] as number);
    const name = bytes.toString("utf8", at + 1, nameEnd);
    const type = bytes[nameEnd] as number;
    const sized = nameEnd + 3 + (type === 6 || type === 7 ? bytes.readUInt16BE(nameEnd + 1) : 0);
    const end = type === 8 ? nameEnd + 9 : sized;
    const value =
      type === 8
        ? bytes.readBigInt64BE(nameEnd + 1)
        : type === 7
          ? bytes.toString("utf8", nameEnd + 3, sized)
          : Buffer.from(bytes.subarray(nameEnd + 3, sized));
    headers.push({ name, value, encoded: bytes.subarray(at, end) });
    at = end;
  }
  return headers;
}

/** A frame whose headers are text, bytes or a time in milliseconds. */
export function eventFrame(
  headers: Readonly<Record<string, string | Uint8Array | bigint>>,
  payload: string | Uint8Array,
): Buffer {
  const headerBytes = Buffer.concat(Object.entries(headers).map(([name, value]) => eventHeader(name, value)));
  const body = Buffer.from(payload as Uint8Array);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + headerBytes.length + body.length, 0);
  prelude.writeUInt32BE(headerBytes.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const unsummed = Buffer.concat([prelude, headerBytes, body]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(unsummed));
  return Buffer.concat([unsummed, sum]);
}

/** A header as it stands in a frame. */
export function eventHeader(name: string, value: string | Uint8Array | bigint): Buffer {
  const head = Buffer.from([name.length, ...Buffer.from(name)]);
  if (typeof value === "bigint") {
    const time = Buffer.alloc(9);
    time[0] = 8;
    time.writeBigInt64BE(value, 1);
    return Buffer.concat([head, time]);
  }
  const bytes = Buffer.from(value as Uint8Array);
  const type = typeof value === "string" ? 7 : 6;
  return Buffer.concat([head, Buffer.from([type, bytes.length >> 8, bytes.length & 255]), bytes]);
}
