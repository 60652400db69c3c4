/** What a service answers when it cannot do what it is asked: shown in the words of its own wire form. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly status: number;
  /** AWS's code: `NoSuchKey`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
