import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { CredentialScope } from "@iap/aws-core";

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

/** The signature of a string to sign, as 64 lower-case hex digits. */
export function signature(key: KeyObject, stringToSign: string): string {
  return createHmac("sha256", key).update(stringToSign).digest("hex");
}
