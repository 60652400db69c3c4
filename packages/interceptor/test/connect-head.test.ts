import * as fc from "fast-check";
import { expect, test } from "vitest";
import { maxConnectHeadBytes, readConnectHead } from "../src/connect-head.ts";

const read = (text: string) => readConnectHead(Buffer.from(text, "latin1"));

test.each([
  ["HTTP/1.1 200 Connection established\r\n\r\n", { status: 200, reason: "Connection established", length: 39 }],
  ["HTTP/1.0 200 OK\r\nVia: x\r\n\r\nSSH-2.0", { status: 200, reason: "OK", length: 27 }],
  ["HTTP/1.1 204\r\n\r\n", { status: 204, reason: "", length: 16 }],
  ["HTTP/1.1 407 Who \x00\xff\r\n\r\n", { status: 407, reason: "Who \x00\xff", length: 23 }],
  ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", { status: 200, reason: "OK", length: 44 }],
  ["HTTP/1.1 103 Early\r\nLink: a\r\n\r\n", "incomplete"],
  ["", "incomplete"],
  ["HTTP/1.1 2", "incomplete"],
  ["HTTP/1.1 200", "incomplete"],
  ["HTTP/1.1 200 OK\r\nVia: x\r\n", "incomplete"],
  ["HTTP/2 200 OK\r\n\r\n", "notHttp"],
  ["HTTP/1.2 200 OK\r\n\r\n", "notHttp"],
  ["HTTP/1.1 2x0 OK\r\n\r\n", "notHttp"],
  ["HTTP/1.1 2000 OK\r\n\r\n", "notHttp"],
  ["HTTP/1.1 000 OK\r\n\r\n", "notHttp"],
  ["http/1.1 200 OK\r\n\r\n", "notHttp"],
  ["SSH-2.0-x\r\n", "notHttp"],
  ["\x15\x03\x01\x00\x02\x02\x28", "notHttp"],
  ["<", "notHttp"],
])("%j is read as %j", (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test("a head without an end is waited for up to its limit, and no further", () => {
  const endless = `HTTP/1.1 200 OK\r\nX: ${"x".repeat(maxConnectHeadBytes)}`;
  expect(read(endless.slice(0, maxConnectHeadBytes - 1))).toBe("incomplete");
  expect(read(endless.slice(0, maxConnectHeadBytes))).toBe("tooLong");
  expect(read(`${endless}\r\n\r\n`)).toBe("tooLong");
  expect(read("HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000))).toBe("tooLong");
});

test("whatever follows a head, and however it is cut, the answer is the same or not there yet", () =>
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.string({ maxLength: 20 }), fc.nat(80), (status, more, cut) => {
      const head = `HTTP/1.1 ${status} Said\r\nServer: corp\r\n\r\n`;
      expect(read(head + more)).toEqual({ status, reason: "Said", length: head.length });
      if (cut < head.length) expect(read(head.slice(0, cut))).toBe("incomplete");
    }),
  ));
