import { X509Certificate } from "node:crypto";

/**
 * A Java trust store (PKCS #12, RFC 7292) with the certificates of a PEM bundle. It holds nothing secret and so has
 * neither encryption nor a MAC, and opens with any password or none; Java takes a certificate in it for trusted by the
 * attribute `trustedKeyUsage` (OID 2.16.840.1.113894.746875.1.1), which is Java's own.
 */
export function trustStore(pemBundle: string): Buffer {
  const blocks = pemBundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const bags = blocks.map((block, index) => certificateBag(new X509Certificate(block).raw, `iap-${index}`));
  const contents = sequence(data(sequence(...bags)));
  // PFX ::= SEQUENCE { version 3, authSafe ContentInfo, macData OPTIONAL }
  return sequence(integer(3), data(contents));
}

/** SafeBag of a CertBag with the friendlyName and Java's mark. */
function certificateBag(der: Buffer, alias: string): Buffer {
  const certBag = sequence(oids.x509Certificate, explicit(octets(der)));
  const friendlyName = sequence(oids.friendlyName, set(bmpString(alias)));
  const trusted = sequence(oids.trustedKeyUsage, set(oids.anyExtendedKeyUsage));
  return sequence(oids.certBag, explicit(certBag), set(friendlyName, trusted));
}

/** ContentInfo of type `data` (RFC 5652 section 4). */
function data(content: Buffer): Buffer {
  return sequence(oids.data, explicit(octets(content)));
}

function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest & 0xff);
  const head = length < 128 ? [length] : [0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  // DER orders the members of a SET OF by their bytes (X.690 section 11.6).
  return element(0x31, ...[...parts].sort(Buffer.compare));
}

function explicit(content: Buffer): Buffer {
  return element(0xa0, content);
}

function octets(content: Buffer): Buffer {
  return element(0x04, content);
}

function integer(value: number): Buffer {
  return element(0x02, Buffer.from([value]));
}

function bmpString(text: string): Buffer {
  return element(0x1e, Buffer.from(text, "utf16le").swap16());
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return element(0x06, Buffer.from(bytes));
}

const oids = {
  data: oid("1.2.840.113549.1.7.1"),
  certBag: oid("1.2.840.113549.1.12.10.1.3"),
  x509Certificate: oid("1.2.840.113549.1.9.22.1"),
  friendlyName: oid("1.2.840.113549.1.9.20"),
  trustedKeyUsage: oid("2.16.840.1.113894.746875.1.1"),
  anyExtendedKeyUsage: oid("2.5.29.37.0"),
} as const;
