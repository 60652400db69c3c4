import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** The absolute path of the program that `credential_process` runs; Node runs it. */
export const proxyCredsPath: string = fileURLToPath(new URL("./main.js", import.meta.url));

export interface CredentialProcessOptions {
  /** The vending socket's absolute path. */
  readonly socketPath: string;
  /** The Node that runs the helper; the one that runs now by default, because agents may have none on their PATH. */
  readonly nodePath?: string | undefined;
  /** The program it runs; `proxyCredsPath` by default. */
  readonly programPath?: string | undefined;
}

/**
 * The value of `credential_process` in `~/.aws/config`: absolute paths only, each one word both for SDKs that split
 * the line themselves as POSIX shells do (botocore) and for those that run it through `sh` (JavaScript, Go, Java).
 * Throws for a path that no configuration file can carry. Not for Windows.
 */
export function credentialProcess({
  socketPath,
  nodePath = process.execPath,
  programPath = proxyCredsPath,
}: CredentialProcessOptions): string {
  return [nodePath, programPath, "--sock", socketPath].map(word).join(" ");
}

function word(text: string): string {
  if (text === "--sock") return text;
  if (!isAbsolute(text)) throw new RangeError(`${JSON.stringify(text)} is not an absolute path.`);
  // AWS configuration files end a line at a line break, and some readers begin a comment at a space and # or ;.
  if (/\p{Cc}|\s[#;]/u.test(text)) {
    throw new RangeError(
      `${JSON.stringify(text)} cannot be written in ~/.aws/config: it holds a control character, or a # or ; after a space. Use another path.`,
    );
  }
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
