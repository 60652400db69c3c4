import {
  ALGORITHM,
  type Algorithm,
  isSha256Hex,
  STREAMING_EVENTS,
  STREAMING_PAYLOAD,
  STREAMING_PAYLOAD_TRAILER,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  STREAMING_V4A_PAYLOAD,
  STREAMING_V4A_PAYLOAD_TRAILER,
  UNSIGNED_PAYLOAD,
} from "@iap/sigv4";
import type { Payload } from "./authorization.ts";
import { malformed } from "./authorization-error.ts";

/** What an `x-amz-content-sha256` says of the body; undefined when there is none. */
export function parsePayload(value: string | undefined, algorithm: Algorithm): Payload | undefined {
  if (value === undefined) return undefined;
  if (isSha256Hex(value)) return { kind: "hash", hex: value };
  const ofAlgorithm = algorithm === ALGORITHM ? LITERALS : LITERALS_V4A;
  const payload = ofAlgorithm.get(value) ?? BOTH.get(value);
  if (payload !== undefined) return payload;
  throw malformed(
    LITERALS.has(value) || LITERALS_V4A.has(value)
      ? `x-amz-content-sha256 is ${value}, but the request is signed with ${algorithm}`
      : "x-amz-content-sha256 must be a SHA-256 in 64 lower-case hex digits, UNSIGNED-PAYLOAD or a STREAMING-… form",
  );
}

const BOTH: ReadonlyMap<string, Payload> = new Map<string, Payload>([
  [UNSIGNED_PAYLOAD, { kind: "unsigned" }],
  [STREAMING_UNSIGNED_PAYLOAD_TRAILER, { kind: "unsignedTrailer" }],
]);

const LITERALS: ReadonlyMap<string, Payload> = new Map<string, Payload>([
  [STREAMING_PAYLOAD, { kind: "signedChunks", trailer: false, literal: STREAMING_PAYLOAD }],
  [STREAMING_PAYLOAD_TRAILER, { kind: "signedChunks", trailer: true, literal: STREAMING_PAYLOAD_TRAILER }],
  [STREAMING_EVENTS, { kind: "events", literal: STREAMING_EVENTS }],
]);

const LITERALS_V4A: ReadonlyMap<string, Payload> = new Map<string, Payload>([
  [STREAMING_V4A_PAYLOAD, { kind: "signedChunks", trailer: false, literal: STREAMING_V4A_PAYLOAD }],
  [STREAMING_V4A_PAYLOAD_TRAILER, { kind: "signedChunks", trailer: true, literal: STREAMING_V4A_PAYLOAD_TRAILER }],
]);
