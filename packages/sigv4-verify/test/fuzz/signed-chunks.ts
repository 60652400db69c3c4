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
    assert.equal(
      Buffer.from(bytes)
        .toString("latin1")
        .replace(/^0+(?=[0-9a-f])/gim, "").length > 0,
      true,
    );
  }
  // Whatever is let through has the agent's data in it, chunk by chunk, in order.
  const chunks = [...pieces.out.matchAll(/(?:^|\r\n)0*([0-9a-fA-F]+);chunk-signature=[0-9a-f]{64}\r\n/g)].map(
    ([, size]) => Number.parseInt(size as string, 16),
  );
  assert.deepEqual(chunks, [...data.map(({ length }) => length), 0].slice(0, chunks.length));
  if (once.whole) assert.equal(chunks.length, data.length + 1);
}
