/** SigV4 with a key shared through HMAC, and SigV4a with an ECDSA key pair that is derived from the secret. */
export const ALGORITHM = "AWS4-HMAC-SHA256";
export const ALGORITHM_V4A = "AWS4-ECDSA-P256-SHA256";

export type Algorithm = typeof ALGORITHM | typeof ALGORITHM_V4A;
