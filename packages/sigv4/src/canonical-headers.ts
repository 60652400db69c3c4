import { AwsError, type Headers, type RequestHead } from "@iap/aws-core";
import { headerName } from "./header-policy.ts";
import { FEW_NAMES } from "./name-lookup.ts";

/**
 * The canonical form of the headers that `signedHeaders` (lower-case names) lists: `name:value\n` each, the values of
 * repeated lines joined by a comma in wire order. Throws `MalformedAuthorization` for a name the request does not have.
 *
 * On HTTP/2 the host is `:authority`, under either name; when the head holds no such line it is where the client
 * connected to.
 */
export function canonicalHeaders(head: RequestHead, signedHeaders: readonly string[]): string {
  const { headers } = head;
  const names: string[] = new Array(headers.length);
  for (let i = 0; i < names.length; i++) names[i] = headerName((headers[i] as readonly [string, string])[0]).name;
  const values = headers.length > FEW_NAMES ? joinedValues(names, headers) : undefined;

  let canonical = "";
  for (const name of signedHeaders) {
    const value =
      (values === undefined ? joinedValue(name, names, headers) : values.get(name)) ?? implicitHost(head, name);
    if (value === undefined) {
      throw new AwsError(
        "MalformedAuthorization",
        `SignedHeaders lists "${name}", but the request has no such header.`,
      );
    }
    canonical += `${name}:${value}\n`;
  }
  return canonical;
}

function joinedValue(name: string, names: readonly string[], headers: Headers): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== name) continue;
    const line = canonicalHeaderValue((headers[i] as readonly [string, string])[1]);
    value = value === undefined ? line : `${value},${line}`;
  }
  return value;
}

function joinedValues(names: readonly string[], headers: Headers): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  headers.forEach(([, value], i) => {
    const name = names[i] as string;
    const before = values.get(name);
    values.set(name, before === undefined ? canonicalHeaderValue(value) : `${before},${canonicalHeaderValue(value)}`);
  });
  return values;
}

function implicitHost({ httpVersion, headers, host }: RequestHead, name: string): string | undefined {
  if (httpVersion !== "2" || (name !== "host" && name !== ":authority")) return undefined;
  const authority = headers.find(([key]) => key === ":authority" || key.toLowerCase() === "host");
  return authority === undefined ? host : canonicalHeaderValue(authority[1]);
}

/** A header value without blanks at its ends, and with each run of blanks (also of folded lines) as one space. */
export function canonicalHeaderValue(value: string): string {
  return isCanonical(value) ? value : value.replace(BLANKS, " ").replace(/^ | $/g, "");
}

const BLANKS = /[ \t\r\n]+/g;

function isCanonical(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  // Session tokens are long and hold no blanks: the engine's own search beats a loop over them.
  if (length > 64 && !value.includes(" ")) {
    return !value.includes("\t") && !value.includes("\n") && !value.includes("\r");
  }
  let blank = true;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code === 0x20) {
      if (blank) return false;
      blank = true;
    } else if (code === 0x09 || code === 0x0a || code === 0x0d) {
      return false;
    } else {
      blank = false;
    }
  }
  return !blank;
}
