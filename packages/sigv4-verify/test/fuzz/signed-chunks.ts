import assert from "node:assert/strict";
import { AwsError } from "@iap/aws-core";
import { STREAMING_PAYLOAD_TRAILER, signStream } from "@iap/sigv4";
import { verify } from "../../src/index.ts";
import { agentKey, now, ringOf } from "../agent.ts";
import { chunkedRequest, upstream } from "../streams.ts";

const data = [Buffer.from("hello"), Buffer.from("world!")];
const signed = chunkedRequest({ chunks: data, trailers: [["x-amz-checksum-crc32", "AAAAAA=="]] });

export const seeds: readonly Uint8Array[] = [signed.body];

/** What comes out of a filter before it throws, and whether it was content with all of it. */
function pass(bytes: Uint8Array, size: number): { readonly out: string; readonly whole: boolean } {
  const { body, authorization } = verify({ ...signed, body: undefined }, { keys: ringOf(agentKey), now });
  assert.equal(body.kind, "stream");
  const outbound = signStream(signed, {
    ...{ credentials: upstream, region: "us-east-1", service: "s3", now },
    ...{ payload: STREAMING_PAYLOAD_TRAILER, signedHeaders: authorization.signedHeaders },
  });
  const filter = (body as Extract<typeof body, { kind: "stream" }>).filter(outbound.seed);
  const out: Uint8Array[] = [];
  try {
    for (let at = 0; at < bytes.length; at += size)
      out.push(filter.push(bytes.subarray(at, at + size)) ?? new Uint8Array());
    out.push(filter.end() ?? new Uint8Array());
    return { out: Buffer.concat(out).toString("latin1"), whole: true };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { out: Buffer.concat(out).toString("latin1"), whole: false };
  }
}

/** Only chunks that the agent signed go on, however they are split; and only the whole body goes on whole. */
export function run(bytes: Uint8Array): void {
  const once = pass(bytes, Math.max(1, bytes.length));
  const pieces = pass(bytes, 5);
  assert.equal(pieces.whole, once.whole);
  if (once.whole) {
    assert.equal(pieces.out, once.out);
    // The trailer's name and value are signed, and so is all but how a size is written.
    assert.equal(framing(bytes), framing(signed.body));
  }
  // Whatever is let through is the agent's data, chunk by chunk, in order: the last of them perhaps not to its end.
  const chunks = pieces.out.split(/(?:^|\r\n)0*([0-9a-fA-F]+);chunk-signature=[0-9a-f]{64}\r\n/).slice(1);
  const sent = [...data, Buffer.alloc(0)].flatMap((chunk) => [chunk.length.toString(16), chunk.toString("latin1")]);
  const last = chunks.length - 1;
  chunks.forEach((piece, i) => {
    if (i % 2 === 0) assert.equal(Number.parseInt(piece, 16).toString(16), sent[i]);
    else if (i < last) assert.equal(piece, sent[i]);
    else assert.ok(i === sent.length - 1 || `${sent[i]}\r\n`.startsWith(piece), "data that the agent did not sign");
  });
  if (once.whole) assert.equal(chunks.length, sent.length);
}

/** A body in signed chunks, each size written in one way. */
function framing(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/(?<=^|\r\n)0*([0-9a-f]+)(?=;chunk-signature=)/gi, (_, size: string) => size.toLowerCase());
}
