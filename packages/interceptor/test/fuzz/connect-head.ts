import assert from "node:assert/strict";
import { readConnectHead } from "../../src/connect-head.ts";

export const seeds: readonly Uint8Array[] = [
  "HTTP/1.1 200 Connection Established\r\n\r\n",
  "HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\nno",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\x16\x03\x01",
].map((text) => Buffer.from(text, "latin1"));

/** However the bytes of a proxy's answer arrive, they come to the same: its first head that is no interim one. */
export function run(bytes: Uint8Array): void {
  const whole = readConnectHead(Buffer.from(bytes));
  for (const cut of [0, 1, bytes.length >> 1, bytes.length - 1]) {
    if (cut < 0) continue;
    const part = readConnectHead(Buffer.from(bytes.subarray(0, cut)));
    if (part !== "incomplete") assert.deepEqual(part, whole);
  }
  if (typeof whole === "object") {
    assert.ok(whole.length <= bytes.length && whole.status >= 200 && whole.status <= 999);
    assert.doesNotMatch(whole.reason, /[\r\n]/);
    const heads = Buffer.from(bytes).toString("latin1", 0, whole.length).split("\r\n\r\n");
    assert.equal(heads.pop(), "");
    const statuses = heads.map((head) => Number(/^HTTP\/1\.[01] (\d{3})(?!\d)/.exec(head)?.[1]));
    assert.equal(statuses.pop(), whole.status);
    for (const status of statuses) assert.ok(status >= 100 && status < 200);
  }
}
