import { createHmac, createSecretKey, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import type { CredentialScope } from "@iap/aws-core";
import { ALGORITHM, type Algorithm } from "./algorithm.ts";
import { hmacSha256 } from "./hmac-sha256.ts";

/**
 * The key of one credential scope: HMAC over date, region, service and `aws4_request` in turn, beginning with the
 * secret. A KeyObject does not print, and signs faster than a Buffer.
 */
export function signingKey(secretAccessKey: string, { date, region, service }: CredentialScope): KeyObject {
  const dateKey = hmac(Buffer.from(`AWS4${secretAccessKey}`, "utf8"), date);
  return createSecretKey(hmac(hmac(hmac(dateKey, region), service), "aws4_request"));
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/**
 * The signature of a string to sign in lower-case hex: 64 digits, with SigV4a a DER-encoded one of at most 144, another
 * each time. The key is `signingKey`'s or `sigv4aKey`'s.
 */
export function signature(key: KeyObject, stringToSign: string, algorithm: Algorithm = ALGORITHM): string {
  if (algorithm === ALGORITHM) return hmacSha256(key, stringToSign, "hex");
  return sign("sha256", Buffer.from(stringToSign, "latin1"), { key, dsaEncoding: "der" }).toString("hex");
}

/** Whether a signature, in lower-case hex, is the string's. Compares in constant time. */
export function verifySignatureOf(
  key: KeyObject,
  stringToSign: string,
  provided: string,
  algorithm: Algorithm = ALGORITHM,
): boolean {
  if (algorithm !== ALGORITHM) {
    const bytes = Buffer.from(provided, "hex");
    if (bytes.length * 2 !== provided.length) return false;
    return verify("sha256", Buffer.from(stringToSign, "latin1"), { key, dsaEncoding: "der" }, bytes);
  }
  if (provided.length !== 64 || PROVIDED.write(provided, 0, "hex") !== 32) return false;
  EXPECTED.write(hmacSha256(key, stringToSign, "binary"), 0, "latin1");
  return timingSafeEqual(PROVIDED, EXPECTED);
}

const PROVIDED: Buffer = Buffer.alloc(32);
const EXPECTED: Buffer = Buffer.alloc(32);
