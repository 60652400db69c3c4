export type AwsProfileErrorCode =
  /** The user wrote a profile of that name. */
  | "userWritten"
  /** Another proxy that is alive wrote it. */
  | "proxyRunning"
  /** Another process holds the lock. */
  | "locked"
  /** The file or its directory cannot be read or written. */
  | "unwritable"
  /** A value that no AWS configuration file can carry. */
  | "invalidValue";

/** The profile cannot be written or removed; the file is untouched. The message says what to do. */
export class AwsProfileError extends Error {
  override readonly name = "AwsProfileError";
  readonly code: AwsProfileErrorCode;

  constructor(code: AwsProfileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
