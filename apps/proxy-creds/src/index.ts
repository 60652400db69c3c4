export { type CredentialProcessOptions, credentialProcess, proxyCredsPath } from "./credential-process.ts";
