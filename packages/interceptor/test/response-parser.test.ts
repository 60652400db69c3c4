import { type IncomingMessage, request } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ResponseFault } from "../src/response-fault.ts";
import type { ParsedHead } from "../src/response-head.ts";
import { ResponseParser } from "../src/response-parser.ts";

interface Read {
  readonly informed: readonly number[];
  readonly head: ParsedHead | undefined;
  readonly body: string;
  readonly trailers: readonly string[];
  readonly done: boolean;
  readonly keepAlive: boolean;
  readonly rest: string;
}

/** What is read of pieces of a connection, which then ends. */
function read(pieces: readonly string[], method = "GET", maxHeaderBytes = 65_536): Read {
  const informed: number[] = [];
  let head: ParsedHead | undefined;
  let [body, rest] = ["", ""];
  const sink = {
    onInformation: ({ statusCode }: ParsedHead) => void informed.push(statusCode),
    onHead: (parsed: ParsedHead) => {
      head = parsed;
    },
    onBody: (piece: Uint8Array) => {
      body += Buffer.from(piece).toString("latin1");
    },
  };
  const parser = new ResponseParser(method, sink, maxHeaderBytes);
  for (const piece of pieces) {
    if (parser.done) rest += piece;
    else rest += parser.push(Buffer.from(piece, "latin1")).toString("latin1");
  }
  const done = parser.end();
  return { informed, head, body, trailers: parser.rawTrailers, done, keepAlive: parser.keepAlive, rest };
}

const ok = "HTTP/1.1 200 OK\r\n";

test.each<[what: string, text: string, expected: Partial<Read>, method?: string]>([
  ["a body of announced length", `${ok}Content-Length: 2\r\n\r\nhi`, { body: "hi", done: true, keepAlive: true }],
  ["no body", `${ok}Content-Length: 0\r\n\r\n`, { body: "", done: true, keepAlive: true }],
  [
    "chunks",
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n00A;x="y z";a;b=c\r\n0123456789\r\n0\r\n\r\n`,
    { body: "hi0123456789", done: true, keepAlive: true },
  ],
  [
    "trailers",
    `${ok}transfer-encoding: Chunked\r\n\r\n0\r\nA: 1\r\na:\t2 \r\n\r\n`,
    { trailers: ["A", "1", "a", "2"], done: true, keepAlive: true },
  ],
  ["a body until the end", `${ok}\r\nsome`, { body: "some", done: true, keepAlive: false }],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", { body: "hi", done: true, keepAlive: false }],
  ["Connection: close", `${ok}Connection: x, Close\r\nContent-Length: 0\r\n\r\n`, { done: true, keepAlive: false }],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", { body: "", done: true, keepAlive: true }],
  [
    "304 with a length",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    { body: "", done: true, keepAlive: true },
  ],
  ["the answer to HEAD", `${ok}Content-Length: 9\r\n\r\n`, { body: "", done: true, keepAlive: true }, "HEAD"],
  [
    "the answer to HEAD in chunks",
    `${ok}Transfer-Encoding: chunked\r\n\r\n`,
    { body: "", done: true, keepAlive: true },
    "HEAD",
  ],
  [
    "interim answers",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    { informed: [100, 103], done: true, keepAlive: true },
  ],
  [
    "a switch of protocols",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
    { rest: "\x81\x00", done: true, keepAlive: false },
  ],
  [
    "what follows the answer",
    `${ok}Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n`,
    { body: "hi", done: true, rest: "HTTP/1.1 200 OK\r\n" },
  ],
  ["a head that is not whole", `${ok}Content-Length: 2\r\n`, { head: undefined, done: false }],
  ["a body that is not whole", `${ok}Content-Length: 3\r\n\r\nhi`, { body: "hi", done: false }],
  ["chunks without their end", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`, { body: "hi", done: false }],
  ["chunks without the end of their trailers", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n`, { done: false }],
  ["nothing", "", { head: undefined, done: false }],
])("%s, whole and byte by byte", (_what, text, expected, method) => {
  const whole = read([text], method);
  expect(whole).toMatchObject(expected);
  expect(read([...text], method)).toEqual(whole);
});

test("a head is given as it stood on the wire, but for the spaces around its values", () => {
  const { head } = read([
    `HTTP/1.1 299 Never  heard\tof \xe9\r\nx-Amz-Id-2:a\r\nX: \t b  c  \r\nx:\r\nX:   \r\nContent-Length: 0\r\n\r\n`,
  ]);
  expect(head).toEqual({
    http11: true,
    statusCode: 299,
    statusMessage: "Never  heard\tof \xe9",
    rawHeaders: ["x-Amz-Id-2", "a", "X", "b  c", "x", "", "X", "", "Content-Length", "0"],
  });
  expect(read(["HTTP/1.1 200 \r\n\r\n"]).head?.statusMessage).toBe("");
  expect(read(["HTTP/1.1 200\r\n\r\n"]).head?.statusMessage).toBe("");
});

test.each([
  ["two lengths", `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi`],
  ["the same length twice", `${ok}Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi`],
  ["a list of lengths", `${ok}Content-Length: 2, 2\r\n\r\nhi`],
  ["a length with a sign", `${ok}Content-Length: +2\r\n\r\nhi`],
  ["a length in hexadecimal", `${ok}Content-Length: 0x2\r\n\r\nhi`],
  ["an empty length", `${ok}Content-Length:\r\n\r\nhi`],
  ["a length past all counting", `${ok}Content-Length: 99999999999999999999\r\n\r\nhi`],
  ["a length and chunks", `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunks twice", `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["another coding", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["a coding that is nearly chunked", `${ok}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a space before the colon", `${ok}Content-Length : 2\r\n\r\nhi`],
  ["a folded line", `${ok}X: a\r\n b\r\nContent-Length: 2\r\n\r\nhi`],
  ["a line without a colon", `${ok}nonsense\r\n\r\n`],
  ["a line without a name", `${ok}: 2\r\n\r\n`],
  ["a bare line feed in a value", `${ok}X: a\nContent-Length: 2\r\n\r\nhi`],
  ["a bare line feed after the status", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi"],
  ["a bare carriage return", `${ok}X: a\rb\r\n\r\n`],
  ["a NUL in a value", `${ok}X: a\0b\r\n\r\n`],
  ["an escape in the reason", "HTTP/1.1 200 \x1b[2J\r\n\r\n"],
  ["an empty line before the answer", `\r\n${ok}\r\n`],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/0.9", "<html>"],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
  ["a chunk without a size", `${ok}Transfer-Encoding: chunked\r\n\r\n\r\nhi\r\n`],
  ["a chunk with a sign", `${ok}Transfer-Encoding: chunked\r\n\r\n-2\r\nhi\r\n`],
  ["a chunk size with a prefix", `${ok}Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n`],
  ["a chunk size with a space before it", `${ok}Transfer-Encoding: chunked\r\n\r\n 2\r\nhi\r\n`],
  ["a chunk size past all counting", `${ok}Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nhi\r\n`],
  ["a chunk size with a bare line feed", `${ok}Transfer-Encoding: chunked\r\n\r\n2\nhi\r\n`],
  ["a chunk that is longer than it says", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n0\r\n\r\n`],
  ["a chunk that ends with a bare carriage return", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r0\r\n\r\n`],
  ["a chunk that ends with a bare line feed", `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\n0\r\n\r\n`],
  ["a chunk extension that is empty", `${ok}Transfer-Encoding: chunked\r\n\r\n2;\r\nhi\r\n0\r\n\r\n`],
  ["a chunk extension with a bare carriage return", `${ok}Transfer-Encoding: chunked\r\n\r\n2;a\rb\r\nhi\r\n`],
  ["a trailer that is malformed", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nA 1\r\n\r\n`],
  ["a length among the trailers", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 0\r\n\r\n`],
  ["a coding among the trailers", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\na: 1\r\nTransfer-encoding: x\r\n\r\n`],
  [
    "an interim answer that ends the connection",
    `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ],
  ["an interim answer of HTTP/1.0", `HTTP/1.0 100 Continue\r\n\r\n${ok}Content-Length: 0\r\n\r\n`],
  ["a tab after a length", `${ok}Content-Length: 2\t\r\n\r\nhi`],
  ["a framing that is wrong though there is no body", `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
])("%s is refused, whole and byte by byte", (_what, text) => {
  expect(() => read([text])).toThrow(ResponseFault);
  expect(() => read([...text])).toThrow(ResponseFault);
  expect(() => read([text], "HEAD")).toThrowOrBodiless();
});

expect.extend({
  /** In answer to HEAD what is wrong in the body is not looked at: it is what follows the answer. */
  toThrowOrBodiless(act: () => Read) {
    try {
      const { rest, keepAlive } = act();
      return { pass: rest !== "" || !keepAlive, message: () => "a fault passed for a good answer to HEAD" };
    } catch (error) {
      return { pass: error instanceof ResponseFault, message: () => String(error) };
    }
  },
});

declare module "vitest" {
  interface Matchers<T> {
    toThrowOrBodiless(): T;
  }
}

test.each([
  ["a head", `${ok}X: ${"x".repeat(200)}\r\n\r\n`],
  ["a head without an end", `${ok}X: ${"x".repeat(200)}`],
  ["trailers", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${"x".repeat(200)}\r\n\r\n`],
  ["trailers without an end", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${"x".repeat(200)}`],
])("%s longer than allowed is refused", (_what, text) => {
  expect(() => read([text], "GET", 100)).toThrow(/longer than 100 bytes/);
  expect(() => read([...text], "GET", 100)).toThrow(/longer than 100 bytes/);
  expect(() => read([text], "GET", 300)).not.toThrow();
});

test("a chunk's line that does not end is refused", () => {
  expect(() => read([`${ok}Transfer-Encoding: chunked\r\n\r\n2;${"x".repeat(5_000)}`])).toThrow(/does not end/);
});

/** A text cut anywhere. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((to, i) => text.slice(at[i], to));
}

const name = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/)
  .filter((text) => !/^(content-length|transfer-encoding|connection|keep-alive|upgrade|trailer)$/i.test(text));
const value = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,20}[!-~\x80-\xff])?$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 6 });
const body = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 200,
});
const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });
const lines = (list: readonly (readonly [string, string])[]) => list.map(([n, v]) => `${n}: ${v}\r\n`).join("");

function inChunks(pieces: readonly string[], trailers: readonly (readonly [string, string])[]): string {
  const chunks = pieces.filter((piece) => piece !== "").map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return `${chunks.join("")}0\r\n${lines(trailers)}\r\n`;
}

test("whatever is written as an answer is read as that answer, wherever it is cut", () =>
  fc.assert(
    fc.property(
      fields,
      fc.array(body, { maxLength: 5 }),
      fields,
      fc.boolean(),
      cuts,
      (headers, pieces, trailers, chunked, places) => {
        const whole = pieces.join("");
        const framed = chunked
          ? `Transfer-Encoding: chunked\r\n\r\n${inChunks(pieces, trailers)}`
          : `Content-Length: ${whole.length}\r\n\r\n${whole}`;
        const result = read(cut(`HTTP/1.1 200 OK\r\n${lines(headers)}${framed}next`, places));
        expect(result).toMatchObject({
          body: whole,
          done: true,
          keepAlive: true,
          rest: "next",
          trailers: chunked ? trailers.flat() : [],
        });
        expect(result.head?.rawHeaders.slice(0, -2)).toEqual(headers.flat());
      },
    ),
    { numRuns: 300 },
  ));

/** Answers near the edge of what is one. */
const fragments = fc.constantFrom(
  ...[
    ok,
    "HTTP/1.1 ",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 204 \r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "Content-Length: 2\r\n",
    "Content-Length: 0\r\n",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "X: y\r\n",
    " folded\r\n",
    "\r\n",
    "\n",
    "\r",
    "2\r\nhi\r\n",
    "0\r\n",
    "0\r\n\r\n",
  ],
  ...["hi", "a", ":", ";", " ", "\t", "\0", "\x80", "f", "-", ","],
);
const good = fc
  .tuple(fields, fc.array(body, { maxLength: 3 }), fields, fc.constantFrom("length", "chunks", "end"), fc.boolean())
  .map(([headers, pieces, trailers, framing, interim]) => {
    const begin = `${interim ? "HTTP/1.1 100 Continue\r\n\r\n" : ""}${ok}${lines(headers)}`;
    const whole = pieces.join("");
    if (framing === "end") return `${begin}\r\n${whole}`;
    if (framing === "length") return `${begin}Content-Length: ${whole.length}\r\n\r\n${whole}`;
    return `${begin}Transfer-Encoding: chunked\r\n\r\n${inChunks(pieces, trailers)}`;
  });
const edits = fc.array(fc.tuple(fc.nat(400), fc.nat(3), fragments), { maxLength: 3 });
const nearly = fc.oneof(
  fc.array(fragments, { maxLength: 14 }).map((parts) => ok + parts.join("")),
  fc.tuple(good, edits).map(([text, changes]) =>
    changes.reduce((changed, [place, removed, put]) => {
      const at = place % (changed.length + 1);
      return changed.slice(0, at) + put + changed.slice(at + removed);
    }, text),
  ),
);

test("whatever comes is read or refused, and read the same wherever it is cut", () =>
  fc.assert(
    fc.property(nearly, cuts, (text, places) => {
      const outcome = (pieces: readonly string[]): Read | "refused" => {
        try {
          return read(pieces);
        } catch (error) {
          if (error instanceof ResponseFault) return "refused";
          throw error;
        }
      };
      expect(outcome(cut(text, places))).toEqual(outcome([text]));
    }),
    { numRuns: 4_000 },
  ));

/** What Node's own client makes of the same bytes. */
function asNodeReads(
  text: string,
): Promise<{ head: Partial<ParsedHead>; body: string; complete: boolean } | "refused"> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const asked = request({ createConnection: () => socket, method: "GET", path: "/", setHost: false });
    asked.on("error", () => resolve("refused"));
    asked.on("upgrade", () => resolve("refused"));
    asked.on("response", (response: IncomingMessage) => {
      let received = "";
      response.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
      });
      const over = (): void => {
        const { statusCode = 0, statusMessage = "", rawHeaders, complete } = response;
        resolve({ head: { statusCode, statusMessage, rawHeaders }, body: received, complete });
      };
      response.on("end", over).on("aborted", over).on("error", over);
    });
    asked.end();
    setImmediate(() => {
      socket.push(Buffer.from(text, "latin1"));
      setImmediate(() => socket.push(null));
    });
  });
}

test("what is read as a whole answer, Node's own client reads as the same", () =>
  fc.assert(
    fc.asyncProperty(nearly, async (text) => {
      let ours: Read;
      try {
        ours = read([text]);
      } catch {
        return;
      }
      if (!ours.done || ours.head === undefined) return;
      const { statusCode, statusMessage, rawHeaders } = ours.head;
      const theirs = await asNodeReads(text);
      // What follows an answer that keeps its connection is no part of it; Node may judge it first, and we close for it.
      if (theirs === "refused") return void expect(ours.rest).not.toBe("");
      expect(theirs).toEqual({ head: { statusCode, statusMessage, rawHeaders }, body: ours.body, complete: true });
    }),
    { numRuns: 4_000 },
  ));
