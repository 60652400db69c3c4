import { AwsError, Credentials, type UpstreamRef, type Upstreams } from "@iap/aws-core";

/** Gets a key pair from wherever the AWS SDK would: the shape of a provider of `@aws-sdk/credential-provider-node`. */
export type CredentialProvider = () => Promise<{
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
  readonly accountId?: string;
}>;

export interface UpstreamCredentialsOptions {
  readonly provider: CredentialProvider;
  readonly now: () => Date;
  /** How long one attempt may take; a credential_process can hang. 15 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Told when credentials cannot be had, once until they can again, with what to do. */
  readonly onUnavailable?: ((error: Error) => void) | undefined;
}

/** Fetched anew this long before they expire. */
const refreshAheadMs = 5 * 60_000;
/** After an answer, or none, the provider is left alone for this long: it may start processes or call the network. */
const retryAfterMs = 2_000;
/** One that hangs may have left a process behind: it is left alone for twice as long each time, up to this. */
const longestRetryAfterMs = 5 * 60_000;

/** The real credentials: one provider for the life of the process, asked again before they expire, and once at a time. */
export class UpstreamCredentials implements Upstreams {
  readonly #options: UpstreamCredentialsOptions;
  #current: Credentials | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<Credentials> | undefined;
  #failed: { readonly error: AwsError; readonly at: number; readonly retryAfterMs: number } | undefined;

  constructor(options: UpstreamCredentialsOptions) {
    this.#options = options;
  }

  async credentials(_ref: UpstreamRef): Promise<Credentials> {
    const now = this.#options.now().getTime();
    const current = this.#current;
    const left = (current?.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now;
    if (current !== undefined && left > refreshAheadMs) return current;
    // Either way: a clock that was set back must not make the wait longer.
    if (current !== undefined && left > 0 && Math.abs(now - this.#fetchedAt) < retryAfterMs) return current;
    if (this.#failed !== undefined && Math.abs(now - this.#failed.at) < this.#failed.retryAfterMs) {
      if (current !== undefined && left > 0) return current;
      throw this.#failed.error;
    }
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    // Those about to expire still serve while new ones are fetched, and when they cannot be.
    if (current !== undefined && left > 0) {
      this.#pending.catch(() => {});
      return current;
    }
    return this.#pending;
  }

  async #fetch(): Promise<Credentials> {
    const { provider, timeoutMs = 15_000, onUnavailable } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    let hung = false;
    try {
      const found = await Promise.race([
        provider(),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            hung = true;
            reject(new Error(`the credential provider gave no answer in ${timeoutMs / 1000} s`));
          }, timeoutMs);
        }),
      ]);
      if (!found.accessKeyId || !found.secretAccessKey)
        throw new Error("the credential provider gave an empty key pair");
      if (found.expiration !== undefined && found.expiration.getTime() <= this.#options.now().getTime())
        throw new Error(`the credential provider gave credentials that expired at ${found.expiration.toISOString()}`);
      this.#failed = undefined;
      this.#current = new Credentials(found);
      this.#fetchedAt = this.#options.now().getTime();
      return this.#current;
    } catch (cause) {
      const error = new AwsError(
        "ServiceUnavailable",
        "iam-agent-proxy has no AWS credentials to sign with at the moment. Its terminal says why.",
        { cause },
      );
      if (this.#failed === undefined) onUnavailable?.(cause as Error);
      const waited = hung ? (this.#failed?.retryAfterMs ?? retryAfterMs / 2) * 2 : retryAfterMs;
      this.#failed = {
        error,
        at: this.#options.now().getTime(),
        retryAfterMs: Math.min(waited, longestRetryAfterMs),
      };
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
