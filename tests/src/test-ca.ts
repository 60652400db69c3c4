import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const serverAuth = "1.3.6.1.5.5.7.3.1";
const dayMs = 24 * 3600_000;

type KeyPair = webcrypto.CryptoKeyPair;

/** A certificate authority of the tests: mints a certificate for whatever server name a client asks for, as AWS has one. */
export class TestCa {
  /** The root, PEM: what a client of the fake AWS (the proxy, or a client itself) must trust. */
  readonly certificate: string;
  readonly #root: X509Certificate;
  readonly #rootKeys: KeyPair;
  readonly #leafKeys: KeyPair;
  readonly #contexts = new Map<string, Promise<SecureContext>>();

  private constructor(root: X509Certificate, rootKeys: KeyPair, leafKeys: KeyPair) {
    this.#root = root;
    this.#rootKeys = rootKeys;
    this.#leafKeys = leafKeys;
    this.certificate = `${root.toString("pem")}\n`;
  }

  static async create(): Promise<TestCa> {
    const [rootKeys, leafKeys] = await Promise.all([generateKeys(), generateKeys()]);
    const root = await X509CertificateGenerator.createSelfSigned({
      name: "CN=e2e test root",
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 30 * dayMs),
      signingAlgorithm: algorithm,
      keys: rootKeys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
      ],
    });
    return new TestCa(root, rootKeys, leafKeys);
  }

  /** The TLS identity of a server name; made once per name. */
  secureContext(host: string): Promise<SecureContext> {
    let context = this.#contexts.get(host);
    if (!context) {
      context = this.#mint(host);
      this.#contexts.set(host, context);
    }
    return context;
  }

  /** The TLS identity of a name whose certificate was valid until yesterday. */
  expiredContext(host: string): Promise<SecureContext> {
    return this.#mint(host, { from: -20 * dayMs, until: -dayMs });
  }

  async #mint(host: string, { from, until } = { from: -dayMs, until: 20 * dayMs }): Promise<SecureContext> {
    const leaf = await X509CertificateGenerator.create({
      subject: "CN=e2e test server",
      issuer: this.#root.subject,
      notBefore: new Date(Date.now() + from),
      notAfter: new Date(Date.now() + until),
      signingAlgorithm: algorithm,
      signingKey: this.#rootKeys.privateKey,
      publicKey: this.#leafKeys.publicKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([serverAuth]),
        new SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
        await SubjectKeyIdentifierExtension.create(this.#leafKeys.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.#rootKeys.publicKey),
      ],
    });
    const key = KeyObject.from(this.#leafKeys.privateKey).export({ type: "pkcs8", format: "pem" });
    return createSecureContext({ key, cert: leaf.toString("pem") });
  }

  /** The `SNICallback` of a TLS server that answers to every name. */
  readonly sniCallback = (host: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    this.secureContext(host).then(
      (context) => done(null, context),
      (error: Error) => done(error),
    );
  };
}

function generateKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<KeyPair>;
}
