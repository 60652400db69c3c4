import { AwsError } from "@iap/aws-core";
import { eventStreamError } from "@iap/aws-errors";
import { UpstreamError } from "@iap/interceptor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventStreamEnding } from "../../src/request/event-stream-ending.ts";

const streaming = {
  status: 200,
  statusText: "",
  headers: [["Content-Type", "application/vnd.amazon.eventstream"]],
} as const;
const codes: string[] = [];
const ending = eventStreamEnding((code) => codes.push(code));
const wrong = new AwsError("SignatureDoesNotMatch", "no");

/** A message of a length, of which only that matters here. */
function message(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32BE(length);
  return bytes;
}

test("an answer that is no event stream has no such ending", () => {
  for (const type of ["application/json", "text/plain"]) {
    expect(ending({ ...streaming, headers: [["content-type", type]] })).toBeUndefined();
  }
  expect(ending({ ...streaming, headers: [] })).toBeUndefined();
});

test("between two messages the stream ends with an exception of the error's code, which is told", () => {
  codes.length = 0;
  expect(ending(streaming)?.last(wrong)).toEqual(eventStreamError(wrong));
  expect(codes).toEqual(["SignatureDoesNotMatch"]);
});

test("whatever the pieces, it is between two messages exactly where one ends", () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 16, max: 300 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
      fc.nat(),
      (lengths, cuts, stop) => {
        const bytes = Buffer.concat(lengths.map(message));
        const end = stop % (bytes.length + 1);
        const watch = ending(streaming);
        for (let at = 0, i = 0; at < end; i++) {
          const next = Math.min(end, at + (cuts[i % cuts.length] as number));
          watch?.push(bytes.subarray(at, next));
          at = next;
        }
        const ends = [0];
        for (const length of lengths) ends.push((ends.at(-1) as number) + length);
        return (watch?.last(wrong) !== undefined) === ends.includes(end);
      },
    ),
  ));

test("what upstream did is not told as an exception of its own", () => {
  expect(ending(streaming)?.last(new UpstreamError("exchange", "it broke off"))).toBeUndefined();
});
