/** What is wrong with the certificate authority on disk, or with what was asked of it. */
export type CertificateAuthorityErrorCode =
  /** `create` found an authority already there. */
  | "exists"
  /** There is none, or one file of the set is not there. */
  | "missing"
  | "unreadable"
  /** Others can read the key, or write in the directory. */
  | "insecurePermissions"
  /** A file does not hold what its name says. */
  | "malformed"
  | "expired"
  | "notYetValid"
  | "keyMismatch"
  | "notSignedByRoot"
  /** The name constraints are not those that were asked for. */
  | "wrongConstraints"
  | "invalidOptions"
  /** The host is no DNS name: an IP address, a wildcard, too long. */
  | "invalidHost"
  /** The host is outside the suffixes this authority may sign for. */
  | "hostNotPermitted";

/** A certificate authority that cannot be used, or a host it must not sign for. The message ends with what to do. */
export class CertificateAuthorityError extends Error {
  override readonly name = "CertificateAuthorityError";
  readonly code: CertificateAuthorityErrorCode;
  /** The file or directory at fault, if it is one. */
  readonly path: string | undefined;

  constructor(code: CertificateAuthorityErrorCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
  }
}
