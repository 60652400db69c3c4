import { randomBytes, webcrypto } from "node:crypto";
import type { Extension } from "@peculiar/x509";
import { nameConstraints, nameConstraintsOid } from "./name-constraints.ts";
import { x509 } from "./x509.ts";

/** ECDSA over P-256 with SHA-256: what every client takes, and quick to make. */
export const ecdsaP256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A new authority, as PEM: the root, the intermediate it signed, and the intermediate's key. */
export interface AuthorityPem {
  readonly root: string;
  readonly intermediate: string;
  readonly key: string;
}

/**
 * Makes a root and the one intermediate it ever signs. The root's key cannot be exported and is forgotten when this
 * returns. The constraints stand on the intermediate because Java does not apply those of a trust anchor.
 */
export async function createAuthority(
  permittedDnsSuffixes: readonly string[],
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<AuthorityPem> {
  const lib = x509();
  const { subtle } = webcrypto;
  const rootKeys = await subtle.generateKey(ecdsaP256, false, ["sign", "verify"]);
  const keys = await subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
  // The names carry a fragment of their own, so that two authorities on one machine are never mistaken for each other.
  const id = randomBytes(4).toString("hex");
  const rootName = [{ CN: [`iam-agent-proxy root ${id}`] }];
  const authorityUsage = new lib.KeyUsagesExtension(lib.KeyUsageFlags.keyCertSign, true);
  const common = { notBefore, notAfter, signingAlgorithm: ecdsaP256 };
  const rootKeyId = await lib.SubjectKeyIdentifierExtension.create(rootKeys.publicKey);

  const root = await lib.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: serialNumber(),
    name: rootName,
    keys: rootKeys,
    extensions: [new lib.BasicConstraintsExtension(true, 1, true), authorityUsage, rootKeyId],
  });
  const extensions: Extension[] = [
    new lib.BasicConstraintsExtension(true, 0, true),
    authorityUsage,
    new lib.ExtendedKeyUsageExtension([lib.ExtendedKeyUsage.serverAuth]),
    new lib.Extension(nameConstraintsOid, true, nameConstraints(permittedDnsSuffixes)),
    await lib.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await lib.AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
  ];
  const intermediate = await lib.X509CertificateGenerator.create({
    ...common,
    serialNumber: serialNumber(),
    subject: [{ CN: [`iam-agent-proxy intermediate ${id}`] }],
    issuer: rootName,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions,
  });
  return {
    root: pem("CERTIFICATE", root.rawData),
    intermediate: pem("CERTIFICATE", intermediate.rawData),
    key: pem("PRIVATE KEY", await subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

/** 128 random bits, made a positive integer of exactly 16 bytes (RFC 5280 section 4.1.2.2), in hex. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}

/** RFC 7468 text, with the line feed at its end that concatenation needs. */
export function pem(label: string, der: ArrayBuffer): string {
  const base64 = Buffer.from(der).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
