export { type CredentialProcessOptions, credentialProcess, proxyCredsPath } from "./credential-process.ts";
export { type TokenArguments, type TokenOptions, TokenUsageError, tokenText } from "./token.ts";
