export { formatAmzDate, parseAmzDate } from "./amz-date.ts";
export { type AwsChunkedOptions, AwsChunkedParser } from "./aws-chunked.ts";
export { canonicalHeaders, canonicalHeaderValue } from "./canonical-headers.ts";
export { canonicalPath, type PathRule, pathRule } from "./canonical-path.ts";
export { canonicalQuery } from "./canonical-query.ts";
export { type CanonicalRequestOptions, canonicalRequest } from "./canonical-request.ts";
export { formatCredentialScope, parseCredentialScope } from "./credential-scope.ts";
export { type HeaderFate, headerFate } from "./header-policy.ts";
export {
  EMPTY_SHA256,
  isSha256Hex,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  sha256Hex,
  UNSIGNED_PAYLOAD,
} from "./payload-hash.ts";
export {
  AUTH_PARAMETERS,
  isPresigned,
  type QueryParameter,
  queryParameters,
  withoutAuthParameters,
} from "./presigned-query.ts";
export { isS3Family } from "./s3-family.ts";
export { type SignOptions, sign } from "./sign.ts";
export { signature, signingKey } from "./signing-key.ts";
export { SigningKeys, type SigningKeysOptions } from "./signing-keys.ts";
export { ALGORITHM, type StringToSignOptions, stringToSign } from "./string-to-sign.ts";
export { uriDecode, uriEncode, uriReencode } from "./uri-encode.ts";
