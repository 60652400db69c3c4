import { hash, type KeyObject } from "node:crypto";
import type { CredentialScope, Credentials } from "@iap/aws-core";
import { signingKey } from "./signing-key.ts";

export interface SigningKeysOptions {
  /** How many keys are remembered, about. Default 512: a few agents, and some regions and services each. */
  readonly max?: number | undefined;
}

/**
 * Signing keys already derived: one per secret, day, region and service. Deriving takes four HMACs, using one again a
 * look-up. Bounded: two generations of half the size each, the older of which is dropped whole when the younger is
 * full, so keys in use survive and yesterday's go.
 */
export class SigningKeys {
  readonly #half: number;
  #young = new Map<string, KeyObject>();
  #old = new Map<string, KeyObject>();
  /** The secret never becomes part of a name: its hash does, computed once per Credentials. */
  readonly #fingerprints = new WeakMap<Credentials, string>();

  constructor({ max = 512 }: SigningKeysOptions = {}) {
    this.#half = Math.max(1, Math.floor(max / 2));
  }

  /** The signing key of these credentials for this scope. */
  get(credentials: Credentials, scope: CredentialScope): KeyObject {
    const name = `${this.#fingerprint(credentials)}/${scope.date}/${scope.region}/${scope.service}`;
    const known = this.#young.get(name);
    if (known !== undefined) return known;
    const key = this.#old.get(name) ?? signingKey(credentials.secretAccessKey, scope);
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, key);
    return key;
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size;
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
