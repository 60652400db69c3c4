export { AgentKeyRotation, type AgentKeyRotationOptions } from "./agent-key-rotation.ts";
export { ask, type FetchOptions, fetchCredentials, VendingError, type VendingErrorKind } from "./fetch-credentials.ts";
export { InstallKeyError, openInstallKey } from "./install-key.ts";
export { type IssueOptions, KeyVendor, type KeyVendorOptions, maxTtlSeconds } from "./key-vendor.ts";
export {
  type CredentialServer,
  type ServeCredentialsOptions,
  serveCredentials,
  type Verb,
} from "./serve-credentials.ts";
export { isServing } from "./socket-path.ts";
export { type CredentialProcessOutput, type VendingRequest, VerbError } from "./vending-protocol.ts";
export { VendingSocketError, type VendingSocketErrorCode } from "./vending-socket-error.ts";
