import { type AwsRequest, Credentials } from "@iap/aws-core";
import { ALGORITHM, ALGORITHM_V4A, type Algorithm, signStream } from "@iap/sigv4";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BodyFilter, verify } from "../src/index.ts";
import { agentKey, now, ringOf } from "./agent.ts";
import { caught } from "./caught.ts";
import { chunkedRequest, pieces, upstream } from "./streams.ts";

const options = { keys: ringOf(agentKey), now };
const crc: readonly (readonly [string, string])[] = [["x-amz-checksum-crc32", "AAAAAA=="]];
const algorithms: readonly Algorithm[] = [ALGORITHM, ALGORITHM_V4A];

/** The request as it goes upstream: head and body signed with the real key. */
function resigned(request: AwsRequest & { body: Buffer }, size: number): { head: AwsRequest; early: number } {
  const { body, ...head } = request;
  const verified = verify({ ...head, body: undefined }, options);
  if (verified.body.kind !== "stream") throw new Error("the body should stream");
  const { algorithm, signedHeaders, regionSet } = verified.authorization;
  if (algorithm === "AWS") throw new Error("not of this version");
  const out = signStream(head, {
    credentials: upstream,
    region: "us-east-1",
    service: "s3",
    now: new Date(now.getTime() + 5000),
    payload: verified.payload,
    signedHeaders,
    algorithm,
    regionSet,
  });
  const { passed, early } = run(verified.body.filter(out.seed), pieces(body, size));
  return { head: { ...out.head, body: passed }, early };
}

function run(filter: BodyFilter, list: readonly Uint8Array[]): { passed: Buffer; early: number } {
  const early = list.map((piece) => Buffer.from(filter.push(piece) ?? []));
  const first = Buffer.concat(early);
  return { passed: Buffer.concat([first, filter.end() ?? Buffer.alloc(0)]), early: first.length };
}

const realKey = { ...agentKey, credentials: upstream };

describe("a body in signed chunks, signed anew on the way", () => {
  test.each(algorithms)("has the same length, and verifies under the real key (%s)", (algorithm) => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const arbitrary = fc.tuple(fc.array(chunk, { maxLength: 5 }), fc.boolean(), fc.integer({ min: 1, max: 700 }));
    fc.assert(
      fc.property(arbitrary, ([chunks, trailer, size]) => {
        const request = chunkedRequest({ algorithm, chunks, trailers: trailer ? crc : undefined });
        const { head, early } = resigned(request, size);
        expect(head.body).toHaveLength(request.body.length);
        expect(early).toBeLessThan(request.body.length);
        expect(() => verify(head, { keys: ringOf(realKey), now: new Date(now.getTime() + 5000) })).not.toThrow();
        expect(withoutSignatures(head.body as Buffer)).toBe(withoutSignatures(request.body));
        expect(() => verify(head, options)).toThrow();
      }),
      { numRuns: algorithm === ALGORITHM ? 200 : 25 },
    );
  });

  test("comes out the same where pieces are given back and their memory is used again", () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 1500 }), (chunks, size) => {
        const { body, ...head } = chunkedRequest({ chunks });
        const make = (): BodyFilter => {
          const verified = verify({ ...head, body: undefined }, options);
          if (verified.body.kind !== "stream") throw new Error("the body should stream");
          return verified.body.filter();
        };
        const filter = make();
        const passed = pieces(body, size).map((piece) => {
          const out = filter.push(piece);
          const copy = Buffer.from(out ?? []);
          if (out !== undefined) {
            out.fill(0xff);
            filter.release?.(out);
            // Twice, and what was never the filter's, is nothing to it.
            filter.release?.(out);
            filter.release?.(copy);
          }
          return copy;
        });
        expect(Buffer.concat([...passed, filter.end() ?? Buffer.alloc(0)])).toEqual(run(make(), [body]).passed);
      }),
    );
  });

  test("asks for room beyond 128 KiB as its chunks grow, and ends where there is none", () => {
    const chunks = [100_000, 200_000, 150_000, 300_000].map((size) => Buffer.alloc(size));
    const { body, ...head } = chunkedRequest({ chunks });
    const filterOf = (reserve: (bytes: number) => void): BodyFilter => {
      const verified = verify({ ...head, body: undefined }, { ...options, reserve });
      if (verified.body.kind !== "stream") throw new Error("the body should stream");
      return verified.body.filter();
    };
    const asked: number[] = [];
    expect(
      run(
        filterOf((bytes) => void asked.push(bytes)),
        pieces(body, 50_000),
      ).passed,
    ).toHaveLength(body.length);
    expect(asked).toEqual([200_000 - 131_072, 100_000]);
    const full = filterOf(() => {
      throw new RangeError("full");
    });
    expect(() => full.push(body)).toThrow("full");
    expect(() => full.push(Buffer.alloc(1))).toThrow("after it had failed");
    // One that is here as a whole is its caller's.
    expect(() => verify({ ...head, body }, { ...options, reserve: () => expect.fail("asked") })).not.toThrow();
  });

  test("keeps sizes spelled as they came", () => {
    const request = chunkedRequest({ chunks: [Buffer.alloc(11, "x")] });
    const spelled = Buffer.from(request.body.toString("latin1").replace("b;chunk", "00B;chunk"), "latin1");
    const { head } = resigned({ ...request, body: spelled }, 7);
    expect((head.body as Buffer).toString("latin1")).toMatch(/^00B;chunk-signature=[0-9a-f]{64}\r\nx{11}\r\n0;chunk/);
  });

  test("may have an empty line before its trailers, as some clients write it", () => {
    const request = chunkedRequest({ chunks: [Buffer.from("data")], trailers: crc });
    const text = request.body.toString("latin1").replace("\r\nx-amz-checksum", "\r\n\r\nx-amz-checksum");
    const { head } = resigned({ ...request, body: Buffer.from(text, "latin1") }, 13);
    expect(withoutSignatures(head.body as Buffer)).toBe(withoutSignatures(Buffer.from(text, "latin1")));
  });

  test("goes on chunk by chunk, each as soon as it is verified", () => {
    const request = chunkedRequest({ chunks: [Buffer.alloc(100, "a"), Buffer.alloc(100, "b")] });
    const { body } = verify({ ...request, body: undefined }, options);
    if (body.kind !== "stream") throw new Error("the body should stream");
    const filter = body.filter();
    const chunkLength = "64;chunk-signature=".length + 64 + 2 + 100 + 2;
    expect(filter.push(request.body.subarray(0, chunkLength - 1))).toBeUndefined();
    expect(filter.push(request.body.subarray(chunkLength - 1, chunkLength))).toHaveLength(chunkLength);
    expect(filter.push(request.body.subarray(chunkLength, 2 * chunkLength))).toHaveLength(chunkLength);
    expect(filter.push(request.body.subarray(2 * chunkLength))).toBeUndefined();
    expect(filter.end()).toHaveLength("0;chunk-signature=".length + 64 + 4);
  });

  test("that is here whole is verified at once, and can be had under other signatures", () => {
    const request = chunkedRequest({ chunks: [Buffer.from("data")] });
    const { body } = verify(request, options);
    if (body.kind !== "bytes") throw new Error("the body is here");
    expect(body.resigned(undefined)).toEqual(request.body);
  });
});

describe("a body in signed chunks that is wrong anywhere", () => {
  const request = chunkedRequest({ chunks: [Buffer.alloc(90, "a"), Buffer.alloc(30, "b")], trailers: crc });
  const codes = new Set(["SignatureDoesNotMatch", "IncompleteBody", "MalformedTrailer", "InvalidRequest"]);

  test("is refused, whichever byte of it is changed, and lets nothing go from there on", () => {
    for (let at = 0; at < request.body.length; at++) {
      const body = Buffer.from(request.body);
      body[at] = (body[at] as number) ^ 1;
      const size = spellsTheSame(request.body[at] as number, body[at] as number);
      if (size) continue;
      const stream = verify({ ...request, body: undefined }, options).body;
      if (stream.kind !== "stream") throw new Error("the body should stream");
      const filter = stream.filter();
      let passed = 0;
      const error = caught(() => {
        for (const piece of pieces(body, 50)) passed += filter.push(piece)?.length ?? 0;
        filter.end();
      });
      expect(codes).toContain(error.code);
      expect(passed).toBeLessThanOrEqual(at);
      expect(caught(() => filter.push(body)).code).toBe("InternalFailure");
      expect(caught(() => filter.end()).code).toBe("InternalFailure");
    }
  });

  test("is refused, wherever it is cut", () => {
    for (let length = 0; length < request.body.length; length++) {
      expect(caught(() => verify({ ...request, body: request.body.subarray(0, length) }, options)).code).toBe(
        "IncompleteBody",
      );
    }
  });

  test.each<[string, string, (body: string) => string]>([
    ["SignatureDoesNotMatch", "a chunk with other data", (body) => body.replace("aaa", "aab")],
    ["SignatureDoesNotMatch", "chunks that change places", swapped],
    [
      "SignatureDoesNotMatch",
      "a last chunk with a wrong signature",
      (body) => body.replace(/(0;chunk-signature=)./, "$1z"),
    ],
    ["SignatureDoesNotMatch", "a trailer with another value", (body) => body.replace("AAAAAA", "AAAAAB")],
    ["InvalidRequest", "a chunk without a signature", (body) => body.replace(/;chunk-signature=[0-9a-f]{64}/, "")],
    ["InvalidRequest", "another extension", (body) => body.replace(";chunk-signature", ";x=1;chunk-signature")],
    ["InvalidRequest", "a bare LF", (body) => body.replace("\r\n", "\n")],
    ["InvalidRequest", "a size with a sign", (body) => body.replace("5a;", "+5a;")],
    ["InvalidRequest", "a size that is empty", (body) => body.replace("5a;", ";")],
    ["InvalidRequest", "bytes after the end", (body) => `${body}x`],
    [
      "IncompleteBody",
      "a chunk left out",
      (body) => body.slice(0, body.indexOf("1e;")) + body.slice(body.indexOf("0;c", 200)),
    ],
    ["MalformedTrailer", "no trailer", (body) => body.replace(/x-amz-checksum.*?\r\n/, "")],
    ["MalformedTrailer", "another trailer", (body) => body.replace("x-amz-checksum-crc32", "x-amz-checksum-sha1")],
    ["MalformedTrailer", "no signature of the trailers", (body) => body.replace(/x-amz-trailer-sig.*?\r\n/, "")],
  ])("%s: %s", (code, _, change) => {
    const body = Buffer.from(change(request.body.toString("latin1")), "latin1");
    expect(caught(() => verify({ ...request, body }, options)).code).toBe(code);
  });

  test("is refused before it comes, when a chunk is too long to hold", () => {
    const { body } = verify({ ...request, body: undefined }, { ...options });
    if (body.kind !== "stream") throw new Error("the body should stream");
    const line = `1000001;chunk-signature=${"0".repeat(64)}\r\n`;
    expect(caught(() => body.filter().push(Buffer.from(line))).message).toContain("longer than 16777216 bytes");
  });

  test("is refused under the seed of another request", () => {
    const other = chunkedRequest({
      chunks: [Buffer.alloc(90, "a"), Buffer.alloc(30, "b")],
      trailers: crc,
      headers: [["x-amz-acl", "private"]],
    });
    expect(caught(() => verify({ ...request, body: other.body }, options)).code).toBe("SignatureDoesNotMatch");
  });

  test("is refused under another secret", () => {
    const key = {
      ...agentKey,
      credentials: new Credentials({
        ...agentKey.credentials,
        accessKeyId: agentKey.credentials.accessKeyId,
        secretAccessKey: "x",
        sessionToken: "agent-token",
      }),
    };
    const other = chunkedRequest({ chunks: [Buffer.from("a")], key });
    expect(caught(() => verify(other, options)).code).toBe("SignatureDoesNotMatch");
  });
});

test("garbage never crashes it, however it is split", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "5;",
    ";chunk-signature=",
    "a".repeat(64),
    "\r\n",
    "\n",
    "x-amz-trailer-signature:",
    ":",
    "\0",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const request = chunkedRequest({ chunks: [], trailers: crc });
      const { body } = verify({ ...request, body: undefined }, options);
      if (body.kind !== "stream") throw new Error("the body should stream");
      expect(codeOf(() => run(body.filter(), pieces(Buffer.from(texts.join("")), size)))).toMatch(
        /^(SignatureDoesNotMatch|IncompleteBody|MalformedTrailer|InvalidRequest)$/,
      );
    }),
    { numRuns: 300 },
  );
});

function codeOf(step: () => unknown): string {
  return caught(step).code;
}

function withoutSignatures(body: Buffer): string {
  return body.toString("latin1").replace(/(signature[=:])[0-9a-f*]+/g, "$1S");
}

function swapped(body: string): string {
  const [a, b, end] = [body.indexOf("5a;"), body.indexOf("1e;"), body.indexOf("\r\n0;") + 2];
  return body.slice(b, end) + body.slice(a, b) + body.slice(end);
}

/** Hex digits and header names have letters in two cases, which mean the same: a size, a trailer's name. */
function spellsTheSame(before: number, after: number): boolean {
  return (before ^ after) === 0x20;
}

describe("a framing that never ends", () => {
  const filter = (trailers?: typeof crc): { filter: BodyFilter; body: Buffer } => {
    const { body, ...head } = chunkedRequest({ chunks: [Buffer.from("hello")], trailers });
    const verified = verify({ ...head, body: undefined }, options);
    if (verified.body.kind !== "stream") throw new Error("the body should stream");
    return { filter: verified.body.filter(), body };
  };

  test("of a chunk's line is refused", () => {
    const error = caught(() => filter().filter.push(Buffer.alloc(1000, "0")));
    expect(error).toMatchObject({ code: "InvalidRequest", message: expect.stringContaining("line is too long") });
  });

  test("of trailers is refused", () => {
    const { filter: judge, body } = filter(crc);
    const end = body.indexOf("\r\nx-amz-checksum");
    judge.push(body.subarray(0, end + 2));
    const error = caught(() => judge.push(Buffer.alloc(100_000, "x")));
    expect(error).toMatchObject({ code: "MalformedTrailer", message: expect.stringContaining("too long") });
  });

  test("is an end of another kind", () => {
    const { filter: judge, body } = filter();
    judge.push(body.subarray(0, -2));
    expect(caught(() => judge.push(Buffer.from("x\n"))).message).toContain("not followed by CR LF");
  });
});
