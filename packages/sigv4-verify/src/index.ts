export { type AuthenticateOptions, authenticate } from "./authenticate.ts";
export type { Authorization, Payload } from "./authorization.ts";
export { type BodyFilter, chunksFilter, hashFilter, passFilter } from "./body-filter.ts";
export { parseAuthorization } from "./parse-authorization.ts";
export { checkUnsignedHeaders } from "./unsigned-headers.ts";
export { type VerifiedBody, type VerifiedRequest, type VerifyOptions, verify } from "./verify.ts";
export { verifySignature } from "./verify-signature.ts";
