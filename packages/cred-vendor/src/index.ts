export { AgentKeyRotation, type AgentKeyRotationOptions, minLeftSeconds, minTtlSeconds } from "./agent-key-rotation.ts";
export { ask, type FetchOptions, fetchCredentials, VendingError, type VendingErrorKind } from "./fetch-credentials.ts";
export { InstallKeyError, installKeyBytes, openInstallKey } from "./install-key.ts";
export { type IssueOptions, KeyVendor, type KeyVendorOptions, maxTtlSeconds } from "./key-vendor.ts";
export {
  type CredentialServer,
  credentialProcessOutput,
  type ServeCredentialsOptions,
  serveCredentials,
  type Verb,
} from "./serve-credentials.ts";
export { isServing } from "./socket-path.ts";
export { type CredentialProcessOutput, type VendingRequest, VerbError } from "./vending-protocol.ts";
export { VendingSocketError, type VendingSocketErrorCode } from "./vending-socket-error.ts";
