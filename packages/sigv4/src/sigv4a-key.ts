import { createECDH, createHmac, createPrivateKey, type KeyObject } from "node:crypto";
import type { Credentials } from "@iap/aws-core";
import { ALGORITHM_V4A } from "./algorithm.ts";

/** The order of P-256, less two: what NIST SP 800-108 gives must not be above it. */
const HIGHEST = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n - 2n;

/**
 * The P-256 key of a key pair, as SigV4a derives it: HMAC-SHA256 in counter mode (NIST SP 800-108) from the secret,
 * over the access key id, with another counter in the rare case that the number is too large. It signs and verifies.
 * Deriving takes some 130 µs: keep it (`SigningKeys.sigv4a`).
 */
export function sigv4aKey(credentials: Credentials): KeyObject {
  return importKey(privateNumber(candidates(credentials)));
}

/** The private key's number: one more than the first candidate that is not too large, which one in four billion is. */
export function privateNumber(all: Iterable<bigint>): bigint {
  for (const candidate of all) if (candidate <= HIGHEST) return candidate + 1n;
  throw new RangeError("no SigV4a key can be derived from this key pair");
}

function* candidates({ accessKeyId, secretAccessKey }: Credentials): Generator<bigint> {
  const key = Buffer.from(`AWS4A${secretAccessKey}`, "utf8");
  for (let counter = 1; counter < 255; counter++) {
    const block = createHmac("sha256", key)
      .update(Buffer.from([0, 0, 0, 1]))
      .update(ALGORITHM_V4A)
      .update(Buffer.from([0]))
      .update(accessKeyId)
      .update(Buffer.from([counter, 0, 0, 1, 0]))
      .digest("hex");
    yield BigInt(`0x${block}`);
  }
}

function importKey(number: bigint): KeyObject {
  const d = Buffer.from(number.toString(16).padStart(64, "0"), "hex");
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(d);
  // Uncompressed: one byte 04, then x and y.
  const point = curve.getPublicKey();
  const base64url = (bytes: Buffer): string => bytes.toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", d: base64url(d), x: base64url(point.subarray(1, 33)) };
  return createPrivateKey({ key: { ...jwk, y: base64url(point.subarray(33)) }, format: "jwk" });
}
