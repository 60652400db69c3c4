import { isSha256Hex, STREAMING_UNSIGNED_PAYLOAD_TRAILER, UNSIGNED_PAYLOAD } from "@iap/sigv4";
import type { Payload } from "./authorization.ts";
import { malformed, notImplemented } from "./authorization-error.ts";

/** What an `x-amz-content-sha256` says of the body; undefined when there is none. */
export function parsePayload(value: string | undefined): Payload | undefined {
  if (value === undefined) return undefined;
  if (isSha256Hex(value)) return { kind: "hash", hex: value };
  if (value === UNSIGNED_PAYLOAD) return { kind: "unsigned" };
  if (value === STREAMING_UNSIGNED_PAYLOAD_TRAILER) return { kind: "unsignedTrailer" };
  if (value === "STREAMING-AWS4-HMAC-SHA256-EVENTS") {
    throw notImplemented("signed event streams", "use an operation without event-stream input");
  }
  if (value.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")) {
    throw notImplemented(
      "chunk-signed bodies (STREAMING-AWS4-HMAC-SHA256-PAYLOAD)",
      "let the client talk https and turn payload signing or chunked encoding off",
    );
  }
  if (value.startsWith("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")) {
    throw notImplemented("SigV4a chunk-signed bodies", "use a regional endpoint");
  }
  throw malformed(
    "x-amz-content-sha256 must be a SHA-256 in 64 lower-case hex digits, UNSIGNED-PAYLOAD or a STREAMING-… form",
  );
}
