import { isIP } from "node:net";
import { CertificateAuthorityError } from "./certificate-authority-error.ts";

/** The host in lower case, when a leaf certificate may name it; throws `invalidHost` when it may not. */
export function leafHost(host: string): string {
  const name = host.toLowerCase();
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) {
    throw new CertificateAuthorityError(
      "invalidHost",
      `No certificate for the IP address ${host}: the authority's name constraints exclude all of them. Connect to an AWS host name.`,
    );
  }
  if (!isDnsName(name)) {
    throw new CertificateAuthorityError(
      "invalidHost",
      `No certificate for ${JSON.stringify(host.slice(0, 300))}: it is not a DNS host name (letters, digits, hyphens and dots, labels of at most 63, 253 characters in all, no wildcard).`,
    );
  }
  return name;
}

/** A lower-case DNS name as the AWS host grammar writes it. */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}$/.test(name);
}

/** Whether the name is one of the suffixes, or below one, on a label boundary. */
export function isPermitted(name: string, suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}
