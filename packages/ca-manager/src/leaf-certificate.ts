import { type KeyObject, webcrypto, type X509Certificate } from "node:crypto";
import type { Extension } from "@peculiar/x509";
import { ecdsaP256, pem, serialNumber } from "./authority-certificates.ts";
import { x509 } from "./x509.ts";

/** A server's key and chain, as `tls.createSecureContext` takes them. */
export interface LeafCertificate {
  /** PKCS#8 PEM; the same key for every leaf of one process. */
  readonly key: string;
  /** PEM chain: the leaf, then the intermediate. */
  readonly cert: string;
  readonly notAfter: Date;
}

export interface LeafValidity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const dayMs = 24 * 60 * 60_000;
/** Days a leaf is valid, from the moment it is made; a day more on the other side for clocks that are behind. */
const leafDays = 7;

/** Signs leaf certificates with the intermediate's key. */
export class LeafIssuer {
  readonly notAfter: Date;
  readonly #notBefore: Date;
  readonly #intermediate: string;
  readonly #issuerName: string;
  readonly #signingKey: webcrypto.CryptoKey;
  readonly #leafKey: string;
  readonly #publicKey: webcrypto.CryptoKey;
  readonly #extensions: readonly Extension[];

  private constructor(init: {
    intermediate: X509Certificate;
    issuerName: string;
    signingKey: webcrypto.CryptoKey;
    leafKey: string;
    publicKey: webcrypto.CryptoKey;
    extensions: readonly Extension[];
  }) {
    this.notAfter = new Date(init.intermediate.validTo);
    this.#notBefore = new Date(init.intermediate.validFrom);
    this.#intermediate = pem("CERTIFICATE", toArrayBuffer(init.intermediate.raw));
    this.#issuerName = init.issuerName;
    this.#signingKey = init.signingKey;
    this.#leafKey = init.leafKey;
    this.#publicKey = init.publicKey;
    this.#extensions = init.extensions;
  }

  /** Makes the process's leaf key. */
  static async create(intermediate: X509Certificate, key: KeyObject): Promise<LeafIssuer> {
    const lib = x509();
    const { subtle } = webcrypto;
    const pkcs8 = key.export({ type: "pkcs8", format: "der" });
    const signingKey = await subtle.importKey("pkcs8", pkcs8, ecdsaP256, false, ["sign"]);
    const spki = intermediate.publicKey.export({ type: "spki", format: "der" });
    const issuerPublicKey = await subtle.importKey("spki", spki, ecdsaP256, true, ["verify"]);
    const leaf = await subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
    return new LeafIssuer({
      intermediate,
      issuerName: new lib.X509Certificate(toArrayBuffer(intermediate.raw)).subject,
      signingKey,
      leafKey: pem("PRIVATE KEY", await subtle.exportKey("pkcs8", leaf.privateKey)),
      publicKey: leaf.publicKey,
      extensions: [
        new lib.BasicConstraintsExtension(false, undefined, true),
        new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature, true),
        new lib.ExtendedKeyUsageExtension([lib.ExtendedKeyUsage.serverAuth]),
        await lib.SubjectKeyIdentifierExtension.create(leaf.publicKey),
        await lib.AuthorityKeyIdentifierExtension.create(issuerPublicKey),
      ],
    });
  }

  /** How long a leaf made now is valid: never beyond the authority that signs it. */
  validity(now: Date): LeafValidity {
    return {
      notBefore: new Date(Math.max(now.getTime() - dayMs, this.#notBefore.getTime())),
      notAfter: new Date(Math.min(now.getTime() + leafDays * dayMs, this.notAfter.getTime())),
    };
  }

  /** A certificate for one lower-case DNS name. */
  async issue(host: string, { notBefore, notAfter }: LeafValidity): Promise<LeafCertificate> {
    const lib = x509();
    const certificate = await lib.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // A common name holds 64 characters (RFC 5280 appendix A, ub-common-name). The host that counts is in the SAN.
      subject: [{ CN: [host.length <= 64 ? host : "iam-agent-proxy"] }],
      issuer: this.#issuerName,
      notBefore,
      notAfter,
      publicKey: this.#publicKey,
      signingKey: this.#signingKey,
      signingAlgorithm: ecdsaP256,
      extensions: [...this.#extensions, new lib.SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
    });
    return { key: this.#leafKey, cert: pem("CERTIFICATE", certificate.rawData) + this.#intermediate, notAfter };
  }
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
