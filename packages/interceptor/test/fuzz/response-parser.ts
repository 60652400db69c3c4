import assert from "node:assert/strict";
import { ResponseFault } from "../../src/response-fault.ts";
import { ResponseParser } from "../../src/response-parser.ts";

export const seeds: readonly Uint8Array[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nETag: x\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-T: 1\r\n\r\nHTTP/1.1",
  "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
].map((text) => Buffer.from(text, "latin1"));

/** What upstream's bytes are read as does not depend on how they arrive, and what is no answer is refused, not thrown over. */
export function run(bytes: Uint8Array): void {
  const whole = read([bytes]);
  for (const cut of [1, bytes.length >> 1, bytes.length - 1]) {
    if (cut > 0) assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
  }
  if (whole === "refused") return;
  // A connection goes on to the next request only after an answer that says itself where it ends.
  if (whole.keepAlive && whole.head !== "") assert.match(whole.head, /"http11":true/);
  assert.ok(whole.body.length <= bytes.length);
}

function read(pieces: readonly Uint8Array[]) {
  let [head, body, informed] = ["", "", 0];
  const sink = {
    onInformation: () => {
      informed += 1;
    },
    onHead: (parsed: object) => {
      head = JSON.stringify(parsed);
    },
    onBody: (piece: Uint8Array) => {
      body += Buffer.from(piece).toString("latin1");
    },
  };
  const parser = new ResponseParser("GET", sink, 1_024);
  try {
    let rest = "";
    for (const piece of pieces) {
      rest += (parser.done ? Buffer.from(piece) : parser.push(Buffer.from(piece))).toString("latin1");
    }
    return {
      done: parser.end(),
      keepAlive: parser.keepAlive,
      head,
      body,
      informed,
      rest,
      trailers: parser.rawTrailers,
    };
  } catch (error) {
    if (error instanceof ResponseFault) return "refused";
    throw error;
  }
}
