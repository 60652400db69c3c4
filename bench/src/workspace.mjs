/**
 * What the bench takes from the workspace, as it was built: this folder is no part of it, so that nobody installs the
 * peers who does not run the bench.
 */
import { fileURLToPath } from "node:url";

export { createResolver } from "../../packages/action-resolver/dist/index.js";
export { Credentials, parseEndpoint } from "../../packages/aws-core/dist/index.js";
export { CertificateAuthority } from "../../packages/ca-manager/dist/index.js";
export { fetchCredentials } from "../../packages/cred-vendor/dist/index.js";
export {
  ALGORITHM_V4A,
  ChunkSigner,
  EMPTY_SHA256,
  SigningKeys,
  STREAMING_PAYLOAD,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  sha256Hex,
  sign,
  signedChunksLength,
  signStream,
  UNSIGNED_PAYLOAD,
} from "../../packages/sigv4/dist/index.js";
export { inboundSeed, parseAuthorization, SignedChunksFilter, verify } from "../../packages/sigv4-verify/dist/index.js";

/** Where the resolver's tables are, a file for each service. */
export const shardData = new URL("../../packages/action-resolver/data/", import.meta.url);

/** The programs under measurement; `IAP_PROXY_BIN` names another build of the proxy, to compare two. */
export const proxyBin =
  process.env.IAP_PROXY_BIN ?? fileURLToPath(new URL("../../apps/proxy/dist/main.js", import.meta.url));
export const proxyCredsBin = fileURLToPath(new URL("../../apps/proxy-creds/dist/main.js", import.meta.url));
