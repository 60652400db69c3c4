import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** The user name that stands before the password in a run's proxy URL. */
const user = "run";

/** The user and password of one run's proxy: who does not send them is not served. */
export class ProxyPassword {
  readonly #text: string = randomBytes(24).toString("base64url");
  readonly #expected: Buffer = digest(`Basic ${Buffer.from(`${user}:${this.#text}`).toString("base64")}`);

  /** The proxy's URL with user and password, as HTTPS_PROXY takes it. */
  url(host: string, port: number): string {
    return `http://${user}:${this.#text}@${host}:${port}`;
  }

  /** Whether a Proxy-Authorization header is this password's, in a time that tells nothing of it. */
  readonly accepts = (proxyAuthorization: string | undefined): boolean =>
    timingSafeEqual(digest(normal(proxyAuthorization ?? "")), this.#expected);

  /** Whether a text, such as an environment, holds it. */
  isIn(text: string): boolean {
    return text.includes(this.#text);
  }
}

/** The scheme's name is case-insensitive (RFC 9110 section 11.1). */
function normal(header: string): string {
  return header.trim().replace(/^basic +/i, "Basic ");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
