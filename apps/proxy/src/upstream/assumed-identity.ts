import type { Credentials } from "@iap/aws-core";
import type { AssumedRole } from "./assumed-role.ts";
import type { Identity, UpstreamIdentity } from "./identity.ts";

/** The identity of a role's sessions that the proxy assumed: STS has said it with them, and what the operator says wins. */
export class AssumedIdentity implements Pick<UpstreamIdentity, "current" | "learn"> {
  readonly #assumed: Pick<AssumedRole, "identity">;
  readonly #others: Pick<UpstreamIdentity, "current" | "learn">;
  readonly #said: { readonly accountId: string | undefined; readonly principalArn: string | undefined };

  constructor(
    assumed: Pick<AssumedRole, "identity">,
    others: Pick<UpstreamIdentity, "current" | "learn">,
    said: { readonly accountId: string | undefined; readonly principalArn: string | undefined },
  ) {
    this.#assumed = assumed;
    this.#others = others;
    this.#said = said;
  }

  current(credentials: Credentials | undefined): Identity {
    const known = credentials === undefined ? undefined : this.#assumed.identity(credentials);
    const { accountId, principalArn } = this.#said;
    if (known === undefined || principalArn !== undefined) return this.#others.current(credentials);
    return { ...known, account: accountId ?? known.account };
  }

  async learn(credentials: Credentials): Promise<void> {
    if (this.#assumed.identity(credentials) === undefined) await this.#others.learn(credentials);
  }
}
