import { Credentials, type UpstreamRef, type Upstreams } from "@iap/aws-core";
import type { Identity, UpstreamIdentity } from "../upstream/identity.ts";
import type { SentCredentials } from "./worker-messages.ts";

export interface PrimaryCredentialsOptions {
  /** Asks the first process for what an agent's requests are signed with. */
  readonly ask: (agent: string | undefined) => Promise<SentCredentials>;
  readonly now: () => Date;
}

/** Asked for anew this long before they expire, as the first process does. */
const refreshAheadMs = 5 * 60_000;
/** While it is not known whose they are, the first process may find out any moment. */
const unknownForMs = 500;

/** The real credentials as a worker has them: those of the first process, which alone asks for them, and whose they are. */
export class PrimaryCredentials implements Upstreams, Pick<UpstreamIdentity, "current"> {
  readonly #options: PrimaryCredentialsOptions;
  readonly #known = new Map<string | undefined, Known>();
  readonly #asking = new Map<string | undefined, Promise<Credentials>>();

  constructor(options: PrimaryCredentialsOptions) {
    this.#options = options;
  }

  async credentials(_ref: UpstreamRef, agent?: string): Promise<Credentials> {
    const known = this.#known.get(agent);
    if (known !== undefined && this.#options.now().getTime() < known.until) return known.credentials;
    let asking = this.#asking.get(agent);
    if (asking === undefined) {
      asking = this.#ask(agent).finally(() => this.#asking.delete(agent));
      this.#asking.set(agent, asking);
    }
    return asking;
  }

  /** Whom AWS takes credentials for that were given out here. */
  current(credentials: Credentials | undefined): Identity {
    for (const known of this.#known.values()) {
      if (known.credentials.accessKeyId === credentials?.accessKeyId) return known.identity;
    }
    return { account: undefined, principalArn: undefined };
  }

  /** The first process may have others by now. */
  forget(): void {
    this.#known.clear();
    this.#asking.clear();
  }

  async #ask(agent: string | undefined): Promise<Credentials> {
    const { ask, now } = this.#options;
    const { credentials: init, identity } = await ask(agent);
    const credentials = new Credentials(init);
    const at = now().getTime();
    const expires = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - refreshAheadMs;
    const whole = identity.account !== undefined && identity.principalArn !== undefined;
    this.#known.set(agent, { credentials, identity, until: whole ? expires : Math.min(expires, at + unknownForMs) });
    return credentials;
  }
}

interface Known {
  readonly credentials: Credentials;
  readonly identity: Identity;
  /** Milliseconds since 1970. */
  readonly until: number;
}
