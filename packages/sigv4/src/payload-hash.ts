import { hash } from "node:crypto";

/** The SHA-256 of bytes (or of latin1 text, a byte per character) as lower-case hex. */
export function sha256Hex(data: Uint8Array | string): string {
  // `hash` takes text as UTF-8. For ASCII, which nearly all of it is, that is the same, and saves a copy.
  const sameAsUtf8 = typeof data !== "string" || Buffer.byteLength(data, "utf8") === data.length;
  return hash("sha256", sameAsUtf8 ? data : Buffer.from(data, "latin1"), "hex");
}

/** The SHA-256 of an empty body. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The literals that stand in `x-amz-content-sha256`, and in the canonical request, where no hash of the body can. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
export const STREAMING_UNSIGNED_PAYLOAD_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
export const STREAMING_PAYLOAD = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
export const STREAMING_PAYLOAD_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
export const STREAMING_V4A_PAYLOAD = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
export const STREAMING_V4A_PAYLOAD_TRAILER = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
export const STREAMING_EVENTS = "STREAMING-AWS4-HMAC-SHA256-EVENTS";

/** Whether the text is a SHA-256 as SigV4 writes it: 64 lower-case hex digits. */
export function isSha256Hex(text: string): boolean {
  return text.length === 64 && isLowerHex(text);
}

/** Whether the text is lower-case hex digits alone. */
export function isLowerHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}
