/**
 * The causes for which a request ends with an error of ours. Each is rendered by `@iap/aws-errors` with the code and
 * status that the service's wire form uses for it (S3 says `InvalidAccessKeyId` where STS says `InvalidClientTokenId`).
 */
export type AwsErrorCause =
  | "AccessDenied"
  | "UnknownAccessKey"
  | "InvalidToken"
  | "SignatureDoesNotMatch"
  | "ExpiredToken"
  | "RequestTimeTooSkewed"
  | "PresignedUrlExpired"
  | "MissingAuthentication"
  | "MalformedAuthorization"
  | "MultipleAuthentication"
  | "ContentSha256Mismatch"
  | "HeadersNotSigned"
  | "InvalidRequest"
  | "IncompleteBody"
  | "MalformedTrailer"
  | "InvalidPolicyDocument"
  | "EntityTooLarge"
  | "EntityTooSmall"
  | "ServiceUnavailable"
  | "NotImplemented"
  | "InternalFailure";

export interface AwsErrorOptions extends ErrorOptions {
  /** Further fields some wire forms carry, such as S3's `StringToSign`. Never anything of the upstream credentials. */
  readonly details?: Readonly<Record<string, string>>;
}

/** What ends a request: a cause AWS has a code for, and a message the agent's developer can act on. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: AwsErrorCause;
  /** Not enumerable, so that printing or logging the error does not show them. */
  declare readonly details: Readonly<Record<string, string>>;

  constructor(code: AwsErrorCause, message: string, { details = {}, ...options }: AwsErrorOptions = {}) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, "details", { value: details, enumerable: false });
  }
}
