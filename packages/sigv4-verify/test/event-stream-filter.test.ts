import { signStream } from "@iap/sigv4";
import fc from "fast-check";
import { expect, test } from "vitest";
import { verify } from "../src/index.ts";
import { agentKey, now, ringOf } from "./agent.ts";
import { caught } from "./caught.ts";
import { eventsRequest, pieces, upstream } from "./streams.ts";

const options = { keys: ringOf(agentKey), now };

test("a signed event stream, signed anew on the way, has the same length and verifies under the real key", () => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 5 });
  fc.assert(
    fc.property(payloads, fc.integer({ min: 1, max: 400 }), (list, size) => {
      const { body: inbound, ...head } = eventsRequest(list);
      const { body, payload, authorization } = verify({ ...head, body: undefined }, options);
      if (body.kind !== "stream") throw new Error("the body should stream");
      const { signedHeaders } = authorization;
      const where = { region: "us-east-1", service: "transcribe", now };
      const out = signStream(head, { credentials: upstream, ...where, payload, signedHeaders });
      const filter = body.filter(out.seed);
      const early = Buffer.concat(pieces(inbound, size).map((piece) => filter.push(piece) ?? new Uint8Array()));
      // The empty event that ends the stream waits.
      expect(early.length).toBe(inbound.length - 83);
      const whole = Buffer.concat([early, filter.end() as Uint8Array]);
      expect(whole).toHaveLength(inbound.length);
      const keys = ringOf({ ...agentKey, credentials: upstream });
      expect(() => verify({ ...out.head, body: whole }, { keys, now })).not.toThrow();
      expect(() => verify({ ...out.head, body: inbound }, { keys, now })).toThrow();
    }),
    { numRuns: 100 },
  );
});

test("a stream is refused, whichever byte of it is changed, and wherever it is cut", () => {
  const request = eventsRequest([Buffer.from("one"), Buffer.from("two")]);
  expect(() => verify(request, options)).not.toThrow();
  for (let at = 0; at < request.body.length; at++) {
    const body = Buffer.from(request.body);
    body[at] = (body[at] as number) ^ 1;
    expect(caught(() => verify({ ...request, body }, options)).code).toMatch(
      /^(InvalidRequest|SignatureDoesNotMatch|IncompleteBody)$/,
    );
    expect(caught(() => verify({ ...request, body: request.body.subarray(0, at) }, options)).code).toBe(
      "IncompleteBody",
    );
  }
});

test("events that change places, are left out, or follow the end are refused", () => {
  const request = eventsRequest([Buffer.from("one"), Buffer.from("two")]);
  const { body } = request;
  const length = body.readUInt32BE(0);
  const [one, two, end] = [body.subarray(0, length), body.subarray(length, 2 * length), body.subarray(2 * length)];
  for (const [code, list] of [
    ["SignatureDoesNotMatch", [two, one, end]],
    ["SignatureDoesNotMatch", [one, end]],
    ["InvalidRequest", [one, two, end, one]],
    ["IncompleteBody", [one, two]],
  ] as const) {
    expect(caught(() => verify({ ...request, body: Buffer.concat(list) }, options)).code).toBe(code);
  }
});

test("a message too long to hold is refused before it comes", () => {
  const request = eventsRequest([]);
  const { body } = verify({ ...request, body: undefined }, options);
  if (body.kind !== "stream") throw new Error("the body should stream");
  // A prelude of 2 GiB with a right checksum.
  const prelude = Buffer.from("7fffffff00000010", "hex");
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(prelude));
  const error = caught(() => body.filter().push(Buffer.concat([prelude, crc])));
  expect(error.message).toContain("longer than 16777216 bytes");
});

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test("a filter that has thrown does nothing more", () => {
  const { body: bytes, ...head } = eventsRequest([Buffer.from("one")]);
  const { body } = verify({ ...head, body: undefined }, options);
  if (body.kind !== "stream") throw new Error("the body should stream");
  const filter = body.filter();
  bytes[20] = (bytes[20] as number) ^ 1;
  expect(caught(() => filter.push(bytes)).code).toBe("InvalidRequest");
  expect(caught(() => filter.push(bytes)).code).toBe("InternalFailure");
  expect(caught(() => filter.end()).code).toBe("InternalFailure");
});

test("room is asked for beyond 128 KiB as messages grow, and the stream ends where there is none", () => {
  const { body, ...head } = eventsRequest([10, 150_000, 140_000].map((size) => Buffer.alloc(size, "x")));
  const filterOf = (reserve: (bytes: number) => void) => {
    const verified = verify({ ...head, body: undefined }, { keys: ringOf(agentKey), now, reserve });
    if (verified.body.kind !== "stream") throw new Error("the body should stream");
    return verified.body.filter();
  };
  let asked = 0;
  const filter = filterOf((bytes) => {
    asked += bytes;
  });
  filter.push(body);
  expect(() => filter.end()).not.toThrow();
  expect(asked).toBeGreaterThan(150_000 - 131_072);
  expect(asked).toBeLessThan(151_000 - 131_072);
  const full = filterOf(() => {
    throw new RangeError("full");
  });
  expect(() => full.push(body)).toThrow("full");
  expect(() => full.end()).toThrow("after it had failed");
});
