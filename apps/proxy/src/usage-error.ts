/** What the user can mend: shown as one message without a stack; the process exits with `exitCode`. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** 2: the command line or a file it names is wrong; 1: it could not be done. */
  readonly exitCode: 1 | 2;

  constructor(message: string, { exitCode = 2, ...options }: ErrorOptions & { readonly exitCode?: 1 | 2 } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
