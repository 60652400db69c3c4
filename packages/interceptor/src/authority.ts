import { isIP } from "node:net";

/** Where a client asks to be connected to. */
export interface Authority {
  /** Lower-case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** 4 or 6 for an IP literal, else 0. */
  readonly ipVersion: 0 | 4 | 6;
}

/**
 * The authority of a CONNECT request (RFC 9110 section 9.3.6: host and port, both required) or of an absolute-form
 * target. Undefined when it is not one: user information, a missing port without `defaultPort`, empty labels, stray
 * characters.
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|((?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\.?))(?::([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, name, digits] = match;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined || port < 1 || port > 65535) return undefined;
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 ? { host: bracketed.toLowerCase(), port, ipVersion: 6 } : undefined;
  }
  const host = (name as string).toLowerCase();
  if (host.length > 253) return undefined;
  return { host, port, ipVersion: isIpv4Like(host) ? 4 : 0 };
}

/** The text of an authority as a Host header has it: the port left out when it is `defaultPort`. */
export function formatAuthority({ host, port, ipVersion }: Authority, defaultPort = 443): string {
  const name = ipVersion === 6 ? `[${host}]` : host;
  return port === defaultPort ? name : `${name}:${port}`;
}

/**
 * Whether a resolver could take the name for an IPv4 address: besides dotted decimal, `inet_aton` reads octal,
 * hexadecimal and short forms (`0x7f.1`, `2130706433`), and those are IP literals in disguise.
 */
function isIpv4Like(host: string): boolean {
  const labels = host.split(".");
  if (labels.at(-1) === "") labels.pop();
  return labels.length > 0 && /^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) as string);
}
