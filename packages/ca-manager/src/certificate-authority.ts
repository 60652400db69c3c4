import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { createAuthority } from "./authority-certificates.ts";
import {
  authorityPaths,
  authorityState,
  missing,
  readAuthority,
  removeCommand,
  writeAuthority,
} from "./authority-files.ts";
import { CertificateAuthorityError } from "./certificate-authority-error.ts";
import { isDnsName, isPermitted, leafHost } from "./host-name.ts";
import { type LeafCertificate, LeafIssuer } from "./leaf-certificate.ts";
import { canonicalSuffixes, nameConstraints, nameConstraintsOid, permittedDnsSuffixes } from "./name-constraints.ts";
import { x509 } from "./x509.ts";

export interface CertificateAuthorityOptions {
  /** The directory of `ca.pem`, `ca-intermediate.pem` and `ca.key`; made with mode 0700 when it is not there. */
  readonly dir: string;
  /** DNS names the authority may sign for, with everything below them: `amazonaws.com`. Exactly these, in any order. */
  readonly permittedDnsSuffixes: readonly string[];
  /** How long a new authority is valid: 1 to 20 years, 10 by default. Of no effect on one that exists. */
  readonly years?: number | undefined;
  /** The clock; the system's by default. */
  readonly now?: (() => Date) | undefined;
  /** How many leaf certificates are kept in memory; 1,000 by default. */
  readonly maxLeaves?: number | undefined;
  /** 48 secret random bytes, the same for processes that are to resume each other's TLS sessions; each context has its own by default. */
  readonly ticketKeys?: Buffer | undefined;
}

/** What people ask of an authority. */
export interface CertificateAuthorityDescription {
  /** The root certificate's file, to be trusted by clients. */
  readonly path: string;
  /** SHA-256 of the root certificate, as `AA:BB:…`. */
  readonly fingerprintSha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The DNS names it may sign for, sorted. */
  readonly suffixes: readonly string[];
}

/**
 * A certificate authority that can sign for AWS hosts and for nothing else.
 *
 * Its root signed one intermediate, with critical name constraints (RFC 5280 section 4.2.1.10), and the root's key was
 * then destroyed: who steals `ca.key` can impersonate AWS to the clients that trust `ca.pem`, and nobody else to anyone.
 * An authority on disk is never replaced: every method throws `CertificateAuthorityError` with the fix instead.
 */
export class CertificateAuthority {
  /** The root certificate's file. */
  readonly path: string;
  /** The root certificate, PEM: the trust anchor. */
  readonly rootCertificate: string;
  readonly #root: X509Certificate;
  readonly #suffixes: readonly string[];
  readonly #issuer: LeafIssuer;
  readonly #dir: string;
  readonly #now: () => Date;
  readonly #maxLeaves: number;
  readonly #ticketKeys: Buffer | undefined;
  /** In the order of use, the least recent first. */
  readonly #leaves = new Map<string, CachedLeaf>();

  private constructor(init: {
    dir: string;
    root: X509Certificate;
    rootCertificate: string;
    suffixes: readonly string[];
    issuer: LeafIssuer;
    now: () => Date;
    maxLeaves: number;
    ticketKeys: Buffer | undefined;
  }) {
    this.path = authorityPaths(init.dir).root;
    this.rootCertificate = init.rootCertificate;
    this.#dir = init.dir;
    this.#root = init.root;
    this.#suffixes = init.suffixes;
    this.#issuer = init.issuer;
    this.#now = init.now;
    this.#maxLeaves = init.maxLeaves;
    this.#ticketKeys = init.ticketKeys;
  }

  /** The authority in the directory; a new one when there is none. */
  static async open(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
    const dir = resolve(options.dir);
    checkOptions(options);
    if ((await authorityState(dir)) === "none") await writeNewAuthority(dir, options);
    return CertificateAuthority.load(options);
  }

  /** A new authority; throws `exists` when any file of one is there. */
  static async create(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
    const dir = resolve(options.dir);
    checkOptions(options);
    const exists = (): CertificateAuthorityError =>
      new CertificateAuthorityError(
        "exists",
        `There is a certificate authority in ${dir} already. To make a new one (clients that trust the old ca.pem must then be given the new one), run: ${removeCommand(dir)}`,
        { path: dir },
      );
    if ((await authorityState(dir)) !== "none") throw exists();
    const root = await writeNewAuthority(dir, options);
    const authority = await CertificateAuthority.load(options);
    if (authority.rootCertificate !== root) throw exists();
    return authority;
  }

  /** The authority in the directory; throws when there is none, or it cannot be used. */
  static async load(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
    const { permittedDnsSuffixes: suffixes, now = () => new Date(), maxLeaves = 1000 } = options;
    const dir = resolve(options.dir);
    checkOptions(options);
    const state = await authorityState(dir);
    if (state === "none") {
      throw new CertificateAuthorityError(
        "missing",
        `There is no certificate authority in ${dir}. Start iam-agent-proxy once to make one.`,
        { path: dir },
      );
    }
    if (state !== "complete") throw missing(dir, state.missing);
    const files = await readAuthority(dir);
    const paths = authorityPaths(dir);
    const root = parseCertificate(dir, paths.root, files.root);
    const intermediate = parseCertificate(dir, paths.intermediate, files.intermediate);
    const key = parseKey(dir, paths.key, files.key);

    if (!root.ca || !root.checkIssued(root) || !root.verify(root.publicKey)) {
      throw recreate("malformed", dir, paths.root, `${paths.root} is not a root certificate.`);
    }
    if (!intermediate.ca || !intermediate.checkIssued(root) || !intermediate.verify(root.publicKey)) {
      throw recreate(
        "notSignedByRoot",
        dir,
        paths.intermediate,
        `${paths.intermediate} was not signed by ${paths.root}: the files are of two different authorities.`,
      );
    }
    if (!intermediate.checkPrivateKey(key)) {
      throw recreate("keyMismatch", dir, paths.key, `${paths.key} is not the key of ${paths.intermediate}.`);
    }
    const wanted = canonicalSuffixes(suffixes);
    checkConstraints(dir, paths.intermediate, intermediate, wanted);
    for (const [path, certificate] of [
      [paths.root, root],
      [paths.intermediate, intermediate],
    ] as const) {
      checkValidity(dir, path, certificate, now());
    }
    return new CertificateAuthority({
      dir,
      root,
      rootCertificate: files.root,
      suffixes: wanted,
      issuer: await LeafIssuer.create(intermediate, key),
      now,
      maxLeaves,
      ticketKeys: options.ticketKeys,
    });
  }

  /**
   * A key and certificate chain for one host: made on first use, kept in memory, made again when less than a day is
   * left. Throws `invalidHost` for what is no DNS name, `hostNotPermitted` outside the suffixes, and `expired` when the
   * authority ran out meanwhile.
   */
  async leaf(host: string): Promise<LeafCertificate> {
    return (await this.#cached(host)).leaf;
  }

  /** The same as a context that a TLS server can use; the same object until the leaf is made again. */
  async secureContext(host: string): Promise<SecureContext> {
    const cached = await this.#cached(host);
    cached.context ??= createSecureContext({
      key: cached.leaf.key,
      cert: cached.leaf.cert,
      minVersion: "TLSv1.2",
      ...(this.#ticketKeys === undefined ? {} : { ticketKeys: this.#ticketKeys }),
    });
    return cached.context;
  }

  describe(): CertificateAuthorityDescription {
    return {
      path: this.path,
      fingerprintSha256: this.#root.fingerprint256,
      notBefore: new Date(this.#root.validFrom),
      notAfter: new Date(this.#root.validTo),
      suffixes: this.#suffixes,
    };
  }

  #cached(host: string): Promise<MintedLeaf> {
    // A host that is in the map passed every check when it was put there.
    const found = this.#leaves.get(host);
    const now = this.#now();
    if (found !== undefined && now.getTime() >= found.validFrom && now.getTime() < found.renewAt) {
      this.#leaves.delete(host);
      this.#leaves.set(host, found);
      return found.minted;
    }
    return this.#mint(host, now);
  }

  async #mint(host: string, now: Date): Promise<MintedLeaf> {
    const name = leafHost(host);
    if (!isPermitted(name, this.#suffixes)) {
      throw new CertificateAuthorityError(
        "hostNotPermitted",
        `No certificate for ${name}: the authority may sign for ${this.#suffixes.join(", ")} only.`,
      );
    }
    if (name !== host) return this.#cached(name);
    if (now >= this.#issuer.notAfter) throw expired(this.#dir, this.path, this.#issuer.notAfter);
    const validity = this.#issuer.validity(now);
    const minted = this.#issuer.issue(name, validity).then((leaf): MintedLeaf => ({ leaf, context: undefined }));
    // The last leaves of an authority end with it: making them anew would not make them last longer.
    const last = validity.notAfter.getTime() === this.#issuer.notAfter.getTime();
    const entry: CachedLeaf = {
      minted,
      validFrom: validity.notBefore.getTime(),
      renewAt: validity.notAfter.getTime() - (last ? 0 : dayMs),
    };
    this.#leaves.delete(name);
    this.#leaves.set(name, entry);
    for (const oldest of this.#leaves.keys()) {
      if (this.#leaves.size <= this.#maxLeaves) break;
      this.#leaves.delete(oldest);
    }
    try {
      return await minted;
    } catch (error) {
      if (this.#leaves.get(name) === entry) this.#leaves.delete(name);
      throw error;
    }
  }
}

interface MintedLeaf {
  readonly leaf: LeafCertificate;
  context: SecureContext | undefined;
}

interface CachedLeaf {
  readonly minted: Promise<MintedLeaf>;
  /** Milliseconds since the epoch. Before that time, the clock was wrong when it was made. */
  readonly validFrom: number;
  /** Milliseconds since the epoch. */
  readonly renewAt: number;
}

const dayMs = 24 * 60 * 60_000;

async function writeNewAuthority(dir: string, options: CertificateAuthorityOptions): Promise<string> {
  const { permittedDnsSuffixes: suffixes, years = 10, now = () => new Date() } = options;
  // A day back, for clients whose clock is behind. Whole seconds: certificates have no finer ones.
  const start = Math.floor(now().getTime() / 1000) * 1000;
  const notAfter = new Date(start);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + years);
  const authority = await createAuthority(suffixes, { notBefore: new Date(start - dayMs), notAfter });
  await writeAuthority(dir, authority);
  return authority.root;
}

function checkOptions({ permittedDnsSuffixes: suffixes, years = 10 }: CertificateAuthorityOptions): void {
  const bad = suffixes.find((suffix) => !isDnsName(suffix.toLowerCase()));
  if (suffixes.length === 0 || bad !== undefined) {
    throw new CertificateAuthorityError(
      "invalidOptions",
      bad === undefined
        ? "A certificate authority needs at least one DNS suffix it may sign for."
        : `${JSON.stringify(bad)} is not a DNS suffix; write it like "amazonaws.com", without a leading dot.`,
    );
  }
  if (!Number.isInteger(years) || years < 1 || years > 20) {
    throw new CertificateAuthorityError("invalidOptions", `years is ${years}; it must be a whole number from 1 to 20.`);
  }
}

function parseCertificate(dir: string, path: string, text: string): X509Certificate {
  try {
    if (text.split("-----BEGIN ").length !== 2) throw new Error("it does not hold exactly one PEM block");
    return new X509Certificate(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw recreate("malformed", dir, path, `${path} does not hold a certificate (${why}).`, cause);
  }
}

function parseKey(dir: string, path: string, text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("it is not a P-256 key");
    return key;
  } catch (cause) {
    // OpenSSL's messages name functions and reasons, never key material.
    const why = (cause as Error).message;
    throw recreate("malformed", dir, path, `${path} does not hold a private key that can be used (${why}).`, cause);
  }
}

function checkConstraints(dir: string, path: string, certificate: X509Certificate, wanted: readonly string[]): void {
  const extension = new (x509().X509Certificate)(Uint8Array.from(certificate.raw)).getExtension(nameConstraintsOid);
  const value = extension === null ? undefined : Buffer.from(extension.value);
  if (extension?.critical && value?.equals(nameConstraints(wanted))) return;
  const found = extension?.critical && value !== undefined ? permittedDnsSuffixes(value) : undefined;
  const difference =
    found === undefined
      ? "does not carry the name constraints of this program"
      : [
          ...wanted.filter((suffix) => !found.includes(suffix)).map((suffix) => `may not sign for ${suffix}`),
          ...found.filter((suffix) => !wanted.includes(suffix)).map((suffix) => `may also sign for ${suffix}`),
        ].join(", ");
  throw recreate(
    "wrongConstraints",
    dir,
    path,
    `${path} ${difference}: the list of AWS suffixes has changed since it was made, or it is of another origin.`,
  );
}

function checkValidity(dir: string, path: string, certificate: X509Certificate, now: Date): void {
  const notBefore = new Date(certificate.validFrom);
  const notAfter = new Date(certificate.validTo);
  if (now < notBefore) {
    throw new CertificateAuthorityError(
      "notYetValid",
      `${path} is valid from ${notBefore.toISOString()}, and it is ${now.toISOString()} here. Set the clock; if it is right, make a new authority: ${removeCommand(dir)}`,
      { path },
    );
  }
  if (now >= notAfter) throw expired(dir, path, notAfter);
}

function expired(dir: string, path: string, notAfter: Date): CertificateAuthorityError {
  return recreate("expired", dir, path, `${path} expired on ${notAfter.toISOString()}.`);
}

function recreate(
  code: "malformed" | "notSignedByRoot" | "keyMismatch" | "wrongConstraints" | "expired",
  dir: string,
  path: string,
  problem: string,
  cause?: unknown,
): CertificateAuthorityError {
  return new CertificateAuthorityError(
    code,
    `${problem} To make a new authority at the next start (clients that trust the old ca.pem must then be given the new one), run: ${removeCommand(dir)}`,
    { path, cause },
  );
}
