export interface CredentialsInit {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
  readonly accountId?: string | undefined;
}

/** An AWS key pair. However it is printed, logged or serialised, it shows its `accessKeyId` and nothing else. */
export class Credentials {
  readonly accessKeyId: string;
  readonly expiration: Date | undefined;
  readonly accountId: string | undefined;
  readonly #secretAccessKey: string;
  readonly #sessionToken: string | undefined;

  constructor(init: CredentialsInit) {
    this.accessKeyId = init.accessKeyId;
    this.expiration = init.expiration;
    this.accountId = init.accountId;
    this.#secretAccessKey = init.secretAccessKey;
    this.#sessionToken = init.sessionToken;
  }

  get secretAccessKey(): string {
    return this.#secretAccessKey;
  }

  get sessionToken(): string | undefined {
    return this.#sessionToken;
  }

  toJSON(): { accessKeyId: string } {
    return { accessKeyId: this.accessKeyId };
  }

  toString(): string {
    return `Credentials(${this.accessKeyId})`;
  }
}
