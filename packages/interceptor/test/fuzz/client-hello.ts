import assert from "node:assert/strict";
import { readClientHello } from "../../src/client-hello.ts";

/** A ClientHello with one extension, server_name (RFC 8446 section 4.1.2, RFC 6066 section 3). */
function hello(name: string): Buffer {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
  const vector = (body: Buffer): Buffer => Buffer.concat([u16(body.length), body]);
  const host = Buffer.concat([Buffer.from([0]), vector(Buffer.from(name, "latin1"))]);
  const extension = Buffer.concat([u16(0), vector(vector(host))]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
    vector(extension),
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  return Buffer.concat([Buffer.from([0x16, 3, 1]), vector(handshake)]);
}

export const seeds: readonly Uint8Array[] = [
  hello("s3.amazonaws.com"),
  hello("x"),
  Buffer.from("GET / HTTP/1.1\r\n\r\n"),
];

/** What a beginning is said to be, it stays when more comes; and a message over other records is the same message. */
export function run(bytes: Uint8Array): void {
  const whole = readClientHello(bytes);
  for (const cut of [1, 5, 9, bytes.length >> 1, bytes.length - 1]) {
    if (cut < 0 || cut > bytes.length) continue;
    const part = readClientHello(bytes.subarray(0, cut));
    if (part !== "incomplete") assert.deepEqual(part, whole);
  }
  if (typeof whole !== "object") return;
  const message = unframed(bytes);
  for (const size of [1, 7, message.length]) assert.deepEqual(readClientHello(framed(message, size)), whole);
  if (whole.serverName === undefined) return;
  assert.equal(whole.serverName, whole.serverName.toLowerCase());
  assert.ok(Buffer.from(message).toString("latin1").toLowerCase().includes(whole.serverName));
}

/** What records of the handshake hold, up to the first that is not whole. */
function unframed(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === 22; ) {
    const end = at + 5 + (bytes[at + 3] as number) * 256 + (bytes[at + 4] as number);
    pieces.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** The same message over records of a size. */
function framed(message: Uint8Array, size: number): Uint8Array {
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(records);
}
