import { sha256Hex } from "./payload-hash.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";

export interface StringToSignOptions {
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
  /** `YYYYMMDD/region/service/aws4_request` */
  readonly scope: string;
}

/** What the signing key signs: algorithm, date, scope, and the hash of the canonical request. */
export function stringToSign(canonicalRequest: string, { amzDate, scope }: StringToSignOptions): string {
  return `${ALGORITHM}\n${amzDate}\n${scope}\n${sha256Hex(canonicalRequest)}`;
}
