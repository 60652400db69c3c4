import { createHmac } from "node:crypto";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";

/** A piece of the real credentials, or of what is made of them, and every way it may be written. */
export interface SecretForm {
  readonly what: string;
  readonly bytes: Buffer;
}

/** What shows that a secret stands in some bytes: all of it, or a piece that cannot be there by chance, in any encoding. */
export function secretForms(
  { secretAccessKey, sessionToken }: RealCredentials,
  scopes: readonly { readonly date: string; readonly region: string; readonly service: string }[] = [],
): readonly SecretForm[] {
  const texts = [
    ...pieces(secretAccessKey, 16).map((text) => ["the secret key", text] as const),
    ...(sessionToken === undefined ? [] : pieces(sessionToken, 24)).map((text) => ["the session token", text] as const),
  ];
  const keys = scopes.flatMap((scope) => signingKeys(secretAccessKey, scope));
  return [
    ...texts.flatMap(([what, text]) => encodings(what, Buffer.from(text))),
    ...keys.flatMap(([what, key]) => [{ what, bytes: key }, ...encodings(what, key)]),
  ];
}

/** Where forms of a secret stand. */
export function placesOf(forms: readonly SecretForm[], seen: ReadonlyMap<string, Buffer>): readonly string[] {
  return [...seen].flatMap(([place, bytes]) => {
    const found = forms.find((form) => bytes.includes(form.bytes));
    return found === undefined ? [] : [`${found.what} in ${place}`];
  });
}

/** Overlapping pieces: half a secret is a leak, too. */
function pieces(text: string, length: number): readonly string[] {
  const list: string[] = [];
  for (let at = 0; at + length <= text.length; at += length / 2) list.push(text.slice(at, at + length));
  return [...list, text.slice(-length)];
}

/** The keys of Signature Version 4, from the secret to what signs (IAM User Guide, "Create a signed AWS API request"). */
function signingKeys(
  secret: string,
  { date, region, service }: { readonly date: string; readonly region: string; readonly service: string },
): readonly (readonly [string, Buffer])[] {
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const kDate = hmac(`AWS4${secret}`, date);
  const kRegion = hmac(kDate, region);
  const kService = hmac(kRegion, service);
  return [
    ["the key of the date", kDate],
    ["the key of the region", kRegion],
    ["the key of the service", kService],
    ["the signing key", hmac(kService, "aws4_request")],
  ];
}

function encodings(what: string, bytes: Buffer): readonly SecretForm[] {
  const text = bytes.toString("latin1");
  const hex = bytes.toString("hex");
  const forms = [
    text,
    encodeURIComponent(text),
    encodeURIComponent(encodeURIComponent(text)),
    encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
    text.replaceAll("/", "\\/"),
    text.replace(/[+/=]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`),
    text.replace(/[+/=]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
    [...text].reverse().join(""),
    hex,
    hex.toUpperCase(),
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    ...base64(bytes),
  ];
  return [
    ...[...new Set(forms)].map((form) => ({ what, bytes: Buffer.from(form, "latin1") })),
    { what, bytes: Buffer.from(text, "utf16le") },
  ];
}

/** Base64 of bytes in the middle of others: at each of the three places they may have in a group, without what the neighbours tell. */
function base64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((lead) => {
    const all = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const middle = all.slice(lead === 0 ? 0 : lead + 1, Math.floor(((lead + bytes.length) * 8) / 6));
    return [middle, middle.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
