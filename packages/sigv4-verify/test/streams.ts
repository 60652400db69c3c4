import { type AgentKey, type AwsRequest, Credentials, type HeaderLine, type Headers } from "@iap/aws-core";
import {
  ALGORITHM,
  type Algorithm,
  ChunkSigner,
  EventSigner,
  type SignedStream,
  STREAMING_EVENTS,
  STREAMING_PAYLOAD,
  STREAMING_PAYLOAD_TRAILER,
  STREAMING_V4A_PAYLOAD,
  STREAMING_V4A_PAYLOAD_TRAILER,
  signStream,
} from "@iap/sigv4";
import { agentKey, now } from "./agent.ts";

export const upstream: Credentials = new Credentials({
  accessKeyId: "ASIAREALREALREALREAL",
  secretAccessKey: "real-secret",
  sessionToken: "real-token",
});

export interface ChunkedInit {
  readonly algorithm?: Algorithm;
  readonly chunks: readonly Uint8Array[];
  readonly trailers?: readonly HeaderLine[] | undefined;
  readonly key?: AgentKey;
  readonly headers?: Headers;
}

/** An upload in signed chunks, as a client sends it. */
export function chunkedRequest(init: ChunkedInit): AwsRequest & { readonly body: Buffer } {
  const { algorithm = ALGORITHM, chunks, trailers, key = agentKey, headers = [] } = init;
  const decoded = chunks.reduce((sum, { length }) => sum + length, 0);
  const lines: Headers = [
    ["Content-Encoding", "aws-chunked"],
    ["x-amz-decoded-content-length", String(decoded)],
    ...(trailers === undefined ? [] : ([["x-amz-trailer", trailers.map(([name]) => name).join(",")]] as const)),
    ...headers,
  ];
  const { head, seed } = signedHead(literal(algorithm, trailers !== undefined), lines, key.credentials, algorithm);
  const signer = new ChunkSigner(seed);
  const body = Buffer.concat([...chunks.map((chunk) => signer.chunk(chunk)), signer.end(trailers)]);
  return { ...head, body };
}

/** A signed event stream, as a client sends it, and the same as others would sign it. */
export function eventsRequest(
  payloads: readonly Uint8Array[],
  key: AgentKey = agentKey,
): AwsRequest & { readonly body: Buffer } {
  const { head, seed } = signedHead(
    STREAMING_EVENTS,
    [["Content-Type", "application/vnd.amazon.eventstream"]],
    key.credentials,
  );
  const signer = new EventSigner(seed);
  const frames = [...payloads, new Uint8Array()].map((payload, i) =>
    signer.frame(payload, new Date(now.getTime() + 1000 * i)),
  );
  return { ...head, body: Buffer.concat(frames) };
}

function literal(algorithm: Algorithm, trailer: boolean): string {
  if (algorithm === ALGORITHM) return trailer ? STREAMING_PAYLOAD_TRAILER : STREAMING_PAYLOAD;
  return trailer ? STREAMING_V4A_PAYLOAD_TRAILER : STREAMING_V4A_PAYLOAD;
}

function signedHead(
  payload: string,
  headers: Headers,
  credentials: Credentials,
  algorithm: Algorithm = ALGORITHM,
): SignedStream {
  const events = payload === STREAMING_EVENTS;
  const host = events ? "transcribestreaming.us-east-1.amazonaws.com" : "bucket.s3.us-east-1.amazonaws.com";
  return signStream(
    {
      httpVersion: "1.1",
      method: events ? "POST" : "PUT",
      target: "/key",
      headers: [["Host", host], ["x-amz-content-sha256", payload], ...headers],
      host,
    },
    {
      credentials,
      region: "us-east-1",
      service: events ? "transcribe" : "s3",
      now,
      payload,
      algorithm,
      regionSet: "*",
    },
  );
}

/** A body in pieces of a size. */
export function pieces(body: Uint8Array, size: number): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += size) list.push(body.subarray(at, at + size));
  return list;
}
