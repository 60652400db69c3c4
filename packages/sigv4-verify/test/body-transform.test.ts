import { Duplex, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { AwsError } from "@iap/aws-core";
import { sha256Hex, signStream } from "@iap/sigv4";
import { expect, test } from "vitest";
import { type BodyFilter, bodyTransform, hashFilter, verify } from "../src/index.ts";
import { agentKey, now, ringOf } from "./agent.ts";
import { chunkedRequest, pieces, upstream } from "./streams.ts";

test("a body in signed chunks goes through, as long as before, and verifies under the real key", async () => {
  const { body: inbound, ...head } = chunkedRequest({ chunks: [Buffer.alloc(9000, "a"), Buffer.alloc(500, "b")] });
  const { body, payload, authorization } = verify({ ...head, body: undefined }, { keys: ringOf(agentKey), now });
  if (body.kind !== "stream") throw new Error("the body should stream");
  const { signedHeaders } = authorization;
  const out = signStream(head, {
    credentials: upstream,
    region: "us-east-1",
    service: "s3",
    now,
    payload,
    signedHeaders,
  });
  const sent = ReadableStream.from<Uint8Array>(pieces(inbound, 777));
  const whole = await buffer(sent.pipeThrough(bodyTransform(body.filter(out.seed))));
  expect(whole).toHaveLength(inbound.length);
  const keys = ringOf({ ...agentKey, credentials: upstream });
  expect(() => verify({ ...out.head, body: whole }, { keys, now })).not.toThrow();
});

test("it is a Node stream by Duplex.fromWeb, and nothing of a wrong body's end comes out", async () => {
  const content = Buffer.alloc(100_000, "x");
  const hash = sha256Hex(content);
  const through = (bytes: Uint8Array) =>
    Readable.from(pieces(bytes, 40_000)).pipe(Duplex.fromWeb(bodyTransform(hashFilter(hash))));
  expect(await buffer(through(content))).toEqual(content);

  const seen: Uint8Array[] = [];
  const wrong = async (): Promise<void> => {
    for await (const piece of through(content.fill("y", 99_999))) seen.push(piece);
  };
  await expect(wrong()).rejects.toMatchObject({ code: "ContentSha256Mismatch" });
  expect(Buffer.concat(seen)).toHaveLength(80_000);
});

test("what the filter throws in the middle errors both sides", async () => {
  const filter: BodyFilter = {
    push() {
      throw new AwsError("SignatureDoesNotMatch", "no");
    },
    end: () => undefined,
  };
  const { readable, writable } = bodyTransform(filter);
  const writer = writable.getWriter();
  const read = readable.getReader().read();
  await expect(writer.write(Buffer.from("x"))).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
  await expect(read).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
  await expect(writer.closed).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
});
