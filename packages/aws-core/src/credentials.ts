export interface CredentialsInit {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** When they end; undefined: never, as far as is known. */
  readonly expiration?: Date | undefined;
  /** The account they are of (12 digits), where their source says it. */
  readonly accountId?: string | undefined;
}

/** An AWS key pair. However it is printed, logged or serialised, it shows its `accessKeyId` and nothing else. */
export class Credentials {
  readonly accessKeyId: string;
  readonly #init: CredentialsInit;

  constructor(init: CredentialsInit) {
    this.accessKeyId = init.accessKeyId;
    this.#init = { ...init };
  }

  get secretAccessKey(): string {
    return this.#init.secretAccessKey;
  }

  get sessionToken(): string | undefined {
    return this.#init.sessionToken;
  }

  get expiration(): Date | undefined {
    return this.#init.expiration;
  }

  get accountId(): string | undefined {
    return this.#init.accountId;
  }

  toJSON(): { accessKeyId: string } {
    return { accessKeyId: this.accessKeyId };
  }

  toString(): string {
    return `Credentials(${this.accessKeyId})`;
  }
}
