export type VendingSocketErrorCode =
  /** The path does not fit a socket address. */
  | "pathTooLong"
  /** The directory is not this user's alone. */
  | "insecurePermissions"
  /** Another process serves there. */
  | "alreadyServing"
  /** Something that is no socket has the name. */
  | "notASocket"
  | "unsupported";

/** A vending socket that cannot be opened. The message says what to do. */
export class VendingSocketError extends Error {
  override readonly name = "VendingSocketError";
  readonly code: VendingSocketErrorCode;
  readonly socketPath: string;

  constructor(code: VendingSocketErrorCode, socketPath: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.socketPath = socketPath;
  }
}
