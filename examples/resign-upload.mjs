// An upload in signed chunks, verified and signed anew while it streams: node examples/resign-upload.mjs
import { buffer } from "node:stream/consumers";
import { Credentials, headerValue } from "@iap/aws-core";
import { ChunkSigner, STREAMING_PAYLOAD, signedChunksLength, signStream } from "@iap/sigv4";
import { bodyTransform, verify } from "@iap/sigv4-verify";

const now = new Date();
const notAfter = new Date(now.getTime() + 3_600_000);
const agent = new Credentials({ accessKeyId: "ASIAAGENT", secretAccessKey: "secret", sessionToken: "token" });
const real = new Credentials({ accessKeyId: "ASIAREAL", secretAccessKey: "real secret", sessionToken: "real token" });
const ring = (credentials) => ({
  lookup: () => ({ agent: "agent", session: "1", credentials, notAfter, upstream: "default" }),
});

// What a client sends: 100,000 bytes in chunks of 64 KiB, each signed, and each signature covering the one before.
const file = Buffer.alloc(100_000, "x");
const host = "reports.s3.us-east-1.amazonaws.com";
const length = signedChunksLength({ decodedLength: file.length, chunkLength: 65_536 });
const where = { region: "us-east-1", service: "s3", now, payload: STREAMING_PAYLOAD };
const client = signStream(
  {
    httpVersion: "1.1",
    method: "PUT",
    target: "/2026/summary.csv",
    host,
    headers: [
      ["Host", host],
      ["Content-Length", String(length)],
      ["x-amz-content-sha256", STREAMING_PAYLOAD],
      ["x-amz-decoded-content-length", String(file.length)],
    ],
  },
  { ...where, credentials: agent },
);
const chunks = new ChunkSigner(client.seed);
const sent = [chunks.chunk(file.subarray(0, 65_536)), chunks.chunk(file.subarray(65_536)), chunks.end()];

/** What goes on: the head with the real signature, and a transform that puts the signatures that follow from it into the body. */
function resign(head) {
  const { authorization, body } = verify({ ...head, body: undefined }, { keys: ring(agent), now });
  const { signedHeaders } = authorization;
  const { head: signed, seed } = signStream(head, { ...where, credentials: real, signedHeaders });
  return { head: signed, transform: bodyTransform(body.filter(seed)) };
}

const { head, transform } = resign(client.head);
const body = await buffer(ReadableStream.from(sent).pipeThrough(transform));
verify({ ...head, body }, { keys: ring(real), now });
console.log(`${length} bytes came, ${body.length} went on, and verify under the real key`);
console.log(`x-amz-content-sha256: ${headerValue(head.headers, "x-amz-content-sha256")}`);

// A chunk that somebody changed on the way never goes on, and the body never ends.
sent[1][200] ^= 1;
const wrong = resign(client.head);
let passed = 0;
try {
  for await (const piece of ReadableStream.from(sent).pipeThrough(wrong.transform)) passed += piece.length;
} catch (error) {
  console.log(`${error.code} after ${passed} bytes`);
}
