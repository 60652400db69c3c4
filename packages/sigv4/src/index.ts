export { ALGORITHM, ALGORITHM_V4A, type Algorithm } from "./algorithm.ts";
export { formatAmzDate, parseAmzDate } from "./amz-date.ts";
export { type AwsChunkedOptions, AwsChunkedParser } from "./aws-chunked.ts";
export { canonicalHeaders, canonicalHeaderValue } from "./canonical-headers.ts";
export { canonicalPath, type PathRule, pathRule } from "./canonical-path.ts";
export { canonicalQuery } from "./canonical-query.ts";
export { type CanonicalRequestOptions, canonicalRequest } from "./canonical-request.ts";
export {
  ChunkSigner,
  canonicalTrailers,
  type SignedChunksLength,
  signedChunksLength,
  TRAILER_SIGNATURE,
} from "./chunk-signer.ts";
export { formatCredentialScope, parseCredentialScope, parseSigv4aScope } from "./credential-scope.ts";
export {
  encodedDate,
  encodeSignedEvent,
  eventFrameLength,
  readSignedEvent,
  resignFrame,
  type SignedEvent,
} from "./event-frame.ts";
export { EventSigner } from "./event-signer.ts";
export {
  GIT_SERVICE,
  type GitPasswordOptions,
  type GitRepository,
  gitPassword,
  gitStringToSign,
  signGitRequest,
} from "./git-password.ts";
export { type HeaderFate, type HeaderName, headerFate, headerName } from "./header-policy.ts";
export { nameLookup } from "./name-lookup.ts";
export { passUnsigned } from "./pass-unsigned.ts";
export {
  EMPTY_SHA256,
  isLowerHex,
  isSha256Hex,
  STREAMING_EVENTS,
  STREAMING_PAYLOAD,
  STREAMING_PAYLOAD_TRAILER,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  STREAMING_V4A_PAYLOAD,
  STREAMING_V4A_PAYLOAD_TRAILER,
  sha256Hex,
  UNSIGNED_PAYLOAD,
} from "./payload-hash.ts";
export { type PostPolicyDocument, postFormHead, type SignPostPolicyOptions, signPostPolicy } from "./post-policy.ts";
export { type PresignOptions, presign } from "./presign.ts";
export {
  AUTH_PARAMETERS,
  type QueryParameter,
  queryAuthentication,
  queryParameters,
  SIGNATURE_V2_PARAMETERS,
  withoutParameters,
} from "./presigned-query.ts";
export { isS3Family } from "./s3-family.ts";
export { type SignedStream, type SignOptions, sign, signStream, type TokenHeader } from "./sign.ts";
export { chunkSignatureLength, SignatureChain, type StreamSeed } from "./signature-chain.ts";
export { type StringToSignV2Options, signatureV2, stringToSignV2 } from "./signature-v2.ts";
export { keyFor } from "./signer-key.ts";
export { signature, signingKey, verifySignatureOf } from "./signing-key.ts";
export { SigningKeys, type SigningKeysOptions } from "./signing-keys.ts";
export { sigv4aKey } from "./sigv4a-key.ts";
export { type StringToSignOptions, stringToSign } from "./string-to-sign.ts";
export { trimBlanks } from "./trim-blanks.ts";
export { uriDecode, uriEncode, uriReencode } from "./uri-encode.ts";
