import { ALGORITHM, type Algorithm } from "./algorithm.ts";
import { sha256Hex } from "./payload-hash.ts";

export interface StringToSignOptions {
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
  /** `YYYYMMDD/region/service/aws4_request`, for SigV4a without the region. */
  readonly scope: string;
  /** Default: AWS4-HMAC-SHA256. */
  readonly algorithm?: Algorithm | undefined;
}

/** What the signing key signs: algorithm, date, scope, and the hash of the canonical request. */
export function stringToSign(
  canonicalRequest: string,
  { amzDate, scope, algorithm = ALGORITHM }: StringToSignOptions,
): string {
  return `${algorithm}\n${amzDate}\n${scope}\n${sha256Hex(canonicalRequest)}`;
}
