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

/** What a beginning is said to be, it stays when more comes. */
export function run(bytes: Uint8Array): void {
  const whole = readClientHello(bytes);
  for (const cut of [1, 5, 9, bytes.length >> 1, bytes.length - 1]) {
    if (cut < 0 || cut > bytes.length) continue;
    const part = readClientHello(bytes.subarray(0, cut));
    if (part !== "incomplete") assert.deepEqual(part, whole);
  }
  if (typeof whole === "object" && whole.serverName !== undefined) {
    assert.equal(whole.serverName, whole.serverName.toLowerCase());
  }
}
