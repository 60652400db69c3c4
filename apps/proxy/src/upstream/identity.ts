import { awsSuffixes, type Credentials, parseArn, parseEndpoint, type SignedHead } from "@iap/aws-core";
import type { FetchResult } from "@iap/interceptor";
import { EMPTY_SHA256, sign } from "@iap/sigv4";

/** Whom AWS takes the real credentials for. */
export interface Identity {
  readonly account: string | undefined;
  readonly principalArn: string | undefined;
  /** As STS says it: of a role's session `AROA…:name`. */
  readonly userId?: string | undefined;
  /** The role behind a role's session, with its path, where that is known. */
  readonly roleArn?: string | undefined;
}

export interface UpstreamIdentityOptions {
  /** What the operator said: wins over everything. */
  readonly account: string | undefined;
  readonly principalArn: string | undefined;
  /** Where STS is asked; `us-east-1` by default. */
  readonly region: string | undefined;
  /** Sends a signed request upstream, the way the agent's requests go. */
  readonly fetch: (head: SignedHead) => Promise<FetchResult>;
  readonly now: () => Date;
  /** Told when STS does not answer, once until it does. */
  readonly onUnknown?: ((error: Error) => void) | undefined;
}

const retryAfterMs = 30_000;

/** The identity of the real credentials: as configured, else as the credentials say, else as STS says, asked once per access key. */
export class UpstreamIdentity {
  readonly #options: UpstreamIdentityOptions;
  #known: (Identity & { readonly accessKeyId: string }) | undefined;
  #asking: Promise<void> | undefined;
  #failedAt: number | undefined;

  constructor(options: UpstreamIdentityOptions) {
    const { account, principalArn } = options;
    this.#options = { ...options, account: account ?? (principalArn && parseArn(principalArn)?.account) };
  }

  /** What is known now. Asks STS in the background when it is not known whom these credentials are of. */
  current(credentials: Credentials | undefined): Identity {
    const { account, principalArn } = this.#options;
    const asked = credentials?.accessKeyId === this.#known?.accessKeyId ? this.#known : undefined;
    if (credentials !== undefined && asked === undefined && (account === undefined || principalArn === undefined)) {
      void this.learn(credentials);
    }
    return {
      account: account ?? credentials?.accountId ?? asked?.account,
      principalArn: principalArn ?? asked?.principalArn,
      // What STS says of somebody else is nothing to go by.
      userId: principalArn === undefined ? asked?.userId : undefined,
    };
  }

  /** Asks STS once for these credentials and resolves when it is known, or known not to be. Never rejects. */
  learn(credentials: Credentials): Promise<void> {
    const { account, principalArn, now, onUnknown } = this.#options;
    if (this.#known?.accessKeyId === credentials.accessKeyId) return Promise.resolve();
    if (account !== undefined && principalArn !== undefined) return Promise.resolve();
    if (this.#failedAt !== undefined && now().getTime() - this.#failedAt < retryAfterMs) return Promise.resolve();
    this.#asking ??= this.#ask(credentials)
      .then((identity) => {
        this.#known = { ...identity, accessKeyId: credentials.accessKeyId };
        this.#failedAt = undefined;
      })
      .catch((error: Error) => {
        if (this.#failedAt === undefined) onUnknown?.(error);
        this.#failedAt = now().getTime();
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #ask(credentials: Credentials): Promise<Identity> {
    const { region = "us-east-1", fetch, now } = this.#options;
    const host = stsHost(region);
    if (host === undefined) throw new Error(`no STS endpoint is known for region ${region}`);
    const { head, body } = await fetch(
      sign(
        {
          httpVersion: "1.1",
          method: "GET",
          target: "/?Action=GetCallerIdentity&Version=2011-06-15",
          headers: [["Host", host]],
          host,
        },
        { credentials, region, service: "sts", now: now(), payload: EMPTY_SHA256 },
      ),
    );
    const text = Buffer.from(body).toString("utf8");
    const principalArn = /<Arn>([^<]+)<\/Arn>/.exec(text)?.[1];
    const userId = /<UserId>([^<]+)<\/UserId>/.exec(text)?.[1];
    const account = /<Account>(\d{12})<\/Account>/.exec(text)?.[1];
    if (head.status !== 200 || principalArn === undefined || account === undefined) {
      const code = /<Code>([\w.]+)<\/Code>/.exec(text)?.[1];
      throw new Error(`${host} answered ${head.status}${code === undefined ? "" : ` ${code}`} to GetCallerIdentity`);
    }
    return { account, principalArn, userId };
  }
}

/** The regional STS host, in whichever partition the region is. */
export function stsHost(region: string): string | undefined {
  return awsSuffixes
    .filter((suffix) => !suffix.startsWith("api."))
    .map((suffix) => `sts.${region}.${suffix}`)
    .find((host) => parseEndpoint(host) !== undefined);
}
