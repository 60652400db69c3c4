import { type CredentialScope, headerValues, type RequestHead } from "@iap/aws-core";
import {
  ALGORITHM,
  type Algorithm,
  headerName,
  isLowerHex,
  isSha256Hex,
  parseCredentialScope,
  parseSigv4aScope,
  trimBlanks,
} from "@iap/sigv4";
import { malformed } from "./authorization-error.ts";

/** Reads `access-key-id/YYYYMMDD/region/service/aws4_request`, for SigV4a without the region. */
export function parseCredential(
  text: string,
  algorithm: Algorithm,
): { readonly accessKeyId: string; readonly scope: CredentialScope } {
  const slash = text.indexOf("/");
  const accessKeyId = text.slice(0, Math.max(slash, 0));
  checkAccessKeyId(accessKeyId);
  const parse = algorithm === ALGORITHM ? parseCredentialScope : parseSigv4aScope;
  const scope = parse(text.slice(slash + 1));
  if (scope === undefined) {
    const region = algorithm === ALGORITHM ? "region/" : "";
    throw malformed(`Credential is not of the form access-key-id/YYYYMMDD/${region}service/aws4_request`);
  }
  return { accessKeyId, scope };
}

/** An access key id is letters, digits and underscores. */
export function checkAccessKeyId(text: string): void {
  if (!/^\w{1,128}$/.test(text)) throw malformed("Credential does not begin with an access key id");
}

/** Reads `host;x-amz-date`: lower-case, sorted, each once, naming headers the request has, the host among them. */
export function parseSignedHeaders(text: string, head: RequestHead): readonly string[] {
  const names = text.split(";");
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!isHeaderName(name)) throw malformed("SignedHeaders has a name that is empty or not in lower case");
    const previous = names[i - 1];
    if (previous === name) throw malformed(`SignedHeaders has "${name}" twice`);
    if (previous !== undefined && previous > name) throw malformed("SignedHeaders is not sorted");
  }
  if (!names.includes("host") && !(head.httpVersion === "2" && names.includes(":authority"))) {
    throw malformed("SignedHeaders does not list host");
  }
  checkHosts(head);
  return names;
}

function checkHosts({ headers, httpVersion }: RequestHead): void {
  let host: string | undefined;
  for (const [key, value] of headers) {
    const { name } = headerName(key);
    if (name !== "host" && !(name === ":authority" && httpVersion === "2")) continue;
    // RFC 9113 section 8.3.1: where both stand they say the same.
    if (host !== undefined && (httpVersion === "1.1" || host !== value)) {
      throw malformed("the request has more than one Host header");
    }
    host = value;
  }
}

/** Reads a signature: 64 lower-case hex digits, or with SigV4a a DER signature in hex. */
export function parseSignature(text: string, algorithm: Algorithm): string {
  if (algorithm === ALGORITHM) {
    if (!isSha256Hex(text)) throw malformed("Signature is not 64 lower-case hex digits");
  } else if (text.length < 16 || text.length > 144 || text.length % 2 === 1 || !isLowerHex(text)) {
    throw malformed("Signature is not an ECDSA signature in lower-case hex");
  }
  return text;
}

/** The value of a header that may stand only once, without the blanks around it, or undefined. */
export function onlyValue(head: RequestHead, name: string): string | undefined {
  const values = headerValues(head.headers, name);
  if (values.length > 1) throw malformed(`the request has more than one ${name} header`);
  return values[0] === undefined ? undefined : trimBlanks(values[0]);
}

/** A field name of RFC 9110 in lower case, or a pseudo-header of HTTP/2. */
function isHeaderName(name: string): boolean {
  const start = name.charCodeAt(0) === 0x3a ? 1 : 0;
  if (name.length === start) return false;
  for (let i = start; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const letter = code >= 0x61 && code <= 0x7a;
    if (!letter && code !== 0x2d && !OTHER_NAME_CHARACTERS.includes(name[i] as string)) return false;
  }
  return true;
}

const OTHER_NAME_CHARACTERS = "0123456789!#$%&'*+.^_`|~";
