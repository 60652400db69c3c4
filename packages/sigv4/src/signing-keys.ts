import { hash, type KeyObject } from "node:crypto";
import type { CredentialScope, Credentials } from "@iap/aws-core";
import { signingKey } from "./signing-key.ts";
import { sigv4aKey } from "./sigv4a-key.ts";

export interface SigningKeysOptions {
  /** How many keys are remembered, about. Default 512: a few agents, and some regions and services each. */
  readonly max?: number | undefined;
}

/**
 * Signing keys already derived: one per secret, day, region and service, and for SigV4a one per key pair. Deriving takes
 * four HMACs or a point multiplication, using one again a look-up. Bounded: two generations of half the size each, the
 * older of which is dropped whole when the younger is full, so keys in use survive and yesterday's go.
 */
export class SigningKeys {
  readonly #half: number;
  #young = new Map<string, KeyObject>();
  #old = new Map<string, KeyObject>();
  /** The secret never becomes part of a name: its hash does, computed once per Credentials. */
  readonly #fingerprints = new WeakMap<Credentials, string>();
  /** The key last used of each: clients tend to stay with a service. */
  readonly #latest = new WeakMap<Credentials, { readonly scope: CredentialScope; readonly key: KeyObject }>();

  constructor({ max = 512 }: SigningKeysOptions = {}) {
    this.#half = Math.max(1, Math.floor(max / 2));
  }

  /** The signing key of these credentials for this scope. */
  get(credentials: Credentials, scope: CredentialScope): KeyObject {
    const latest = this.#latest.get(credentials);
    if (latest !== undefined && sameScope(latest.scope, scope)) return latest.key;
    const key = this.#find(credentials, scope);
    this.#latest.set(credentials, { scope, key });
    return key;
  }

  #find(credentials: Credentials, scope: CredentialScope): KeyObject {
    const name = `${this.#fingerprint(credentials)}/${scope.date}/${scope.region}/${scope.service}`;
    return this.#young.get(name) ?? this.#keep(name, () => signingKey(credentials.secretAccessKey, scope));
  }

  /** The SigV4a key of these credentials, which serves every scope. */
  sigv4a(credentials: Credentials): KeyObject {
    const name = this.#fingerprint(credentials);
    return this.#young.get(name) ?? this.#keep(name, () => sigv4aKey(credentials));
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #keep(name: string, derive: () => KeyObject): KeyObject {
    const key = this.#old.get(name) ?? derive();
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, key);
    return key;
  }

  #fingerprint(credentials: Credentials): string {
    let fingerprint = this.#fingerprints.get(credentials);
    if (fingerprint === undefined) {
      fingerprint = `${credentials.accessKeyId}/${hash("sha256", credentials.secretAccessKey, "base64url")}`;
      this.#fingerprints.set(credentials, fingerprint);
    }
    return fingerprint;
  }
}

function sameScope(a: CredentialScope, b: CredentialScope): boolean {
  return a.service === b.service && a.region === b.region && a.date === b.date;
}
