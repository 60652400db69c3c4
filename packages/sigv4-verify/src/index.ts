export { type AuthenticateOptions, authenticate } from "./authenticate.ts";
export type { Authorization, Payload } from "./authorization.ts";
export { type BodyFilter, chunksFilter, hashFilter, passFilter } from "./body-filter.ts";
export { bodyTransform } from "./body-transform.ts";
export { EventStreamFilter, type EventStreamOptions } from "./event-stream-filter.ts";
export { parseAuthorization } from "./parse-authorization.ts";
export {
  isPostForm,
  MAX_POST_FIELDS_BYTES,
  type PostField,
  type PostForm,
  postFormReader,
  readPostForm,
} from "./post-form.ts";
export { PostFormFilter, type PostFormFilterOptions } from "./post-form-filter.ts";
export { checkPostPolicy, type PostCondition, type PostPolicy, parsePostPolicy } from "./post-policy.ts";
export { SignedChunksFilter, type SignedChunksOptions } from "./signed-chunks-filter.ts";
export { type SigningForm, signingForm } from "./signing-form.ts";
export { checkUnsignedHeaders } from "./unsigned-headers.ts";
export { type Resign, type VerifiedBody, type VerifiedRequest, type VerifyOptions, verify } from "./verify.ts";
export { readBasicPassword, type VerifyGitPasswordOptions, verifyGitPassword } from "./verify-git-password.ts";
export {
  resignPostForm,
  type VerifiedPostForm,
  type VerifyPostFormOptions,
  verifyPostForm,
} from "./verify-post-form.ts";
export { inboundSeed, verifySignature } from "./verify-signature.ts";
