import { isServing } from "@iap/cred-vendor";
import { AwsProfileError } from "./aws-profile-error.ts";
import { edit } from "./locked-edit.ts";
import { findSections, type Note, noteLines, without } from "./profile-section.ts";
import { hasCredentialsSection } from "./read-profile.ts";

export interface ProfileLocation {
  /** The AWS configuration file, usually `~/.aws/config`; a symbolic link is written through. */
  readonly file: string;
  /** The profile's name; `iam-agent-proxy` by default. */
  readonly name?: string | undefined;
  /** The vending socket: tells the profile of this proxy from that of another. */
  readonly socketPath: string;
}

export interface InstallProfileOptions extends ProfileLocation {
  /** The command that prints agent credentials. */
  readonly credentialProcess: string;
  /** The CA bundle's path. */
  readonly caBundle: string;
  readonly region?: string | undefined;
  /** The shared credentials file, usually `~/.aws/credentials`: keys under this name there would win over the profile. */
  readonly credentialsFile?: string | undefined;
}

const defaultName = "iam-agent-proxy";

/**
 * Adds the agent's profile at the end of the user's AWS configuration. Every other byte of it stays as it is, whatever
 * its line endings; the file is replaced atomically, with its mode, under a lock. A profile that an earlier run left
 * behind is replaced; one that the user wrote, or that a live proxy with another socket wrote, is not.
 */
export async function installProfile(options: InstallProfileOptions): Promise<void> {
  const { name = defaultName, socketPath, credentialProcess, caBundle, region, credentialsFile } = options;
  const settings = [
    ["credential_process", credentialProcess],
    ["ca_bundle", caBundle],
    ...(region === undefined ? [] : [["region", region] as const]),
  ] as const;
  for (const [key, value] of settings) checkValue(key, value);
  if (!/^[\w.-]+$/.test(name))
    throw new AwsProfileError("invalidValue", `The profile name ${JSON.stringify(name)} is not plain.`);

  if (credentialsFile !== undefined && (await hasCredentialsSection(credentialsFile, name))) {
    throw new AwsProfileError(
      "userWritten",
      `${credentialsFile} has a [${name}] section, whose keys SDKs would take instead of the proxy's. Rename or remove it.`,
    );
  }

  await edit(options.file, { create: true }, async (text, { file, madeFile, madeDirectory }) => {
    const found = findSections(text ?? "", name);
    if (found.some(({ note }) => note === undefined)) {
      throw new AwsProfileError(
        "userWritten",
        `${file} has a [profile ${name}] that iam-agent-proxy did not write. Rename or remove it; the proxy writes its own while it runs.`,
      );
    }
    for (const { note } of found) {
      if (note !== undefined && note.socket !== socketPath && (await isServing(note.socket).catch(() => false))) {
        throw new AwsProfileError(
          "proxyRunning",
          `Another iam-agent-proxy (socket ${note.socket}) has [profile ${name}] in ${file}. Stop it first, or give this one a file of its own with AWS_CONFIG_FILE.`,
        );
      }
    }
    const rest = found.reduceRight(without, text ?? "");
    // What an interrupted run made is still ours to take away.
    const inherited = rest === "" ? found.map(({ note }) => note) : [];
    const eol = /\r?\n/.exec(rest)?.[0] === "\r\n" ? "\r\n" : "\n";
    const note: Note = {
      socket: socketPath,
      eol: eol === "\n" ? "lf" : "crlf",
      endedWithLineBreak: rest === "" || rest.endsWith("\n"),
      madeFile: madeFile || inherited.some((old) => old?.madeFile),
      madeDirectory: madeDirectory || inherited.some((old) => old?.madeDirectory),
    };
    const lines = [`[profile ${name}]`, ...noteLines(note), ...settings.map(([key, value]) => `${key} = ${value}`)];
    const section = Buffer.from(lines.map((line) => line + eol).join("")).toString("latin1");
    const lineBreaks = (note.endedWithLineBreak ? "" : eol) + (rest === "" ? "" : eol);
    return { text: rest + lineBreaks + section };
  });
}

/**
 * Takes the profile away again, if it is the one that the proxy of this socket wrote. When nothing else was edited
 * meanwhile the file is byte for byte what it was; a file and directory that were made for the profile and hold
 * nothing else are removed. True when there was a profile to remove.
 */
export async function removeProfile({ file, name = defaultName, socketPath }: ProfileLocation): Promise<boolean> {
  let removed = false;
  await edit(file, { create: false }, async (text) => {
    const ours = findSections(text ?? "", name).filter(({ note }) => note?.socket === socketPath);
    removed = ours.length > 0;
    if (text === undefined || !removed) return undefined;
    const rest = ours.reduceRight(without, text);
    return {
      text: rest,
      removeFile: rest === "" && ours.some(({ note }) => note?.madeFile),
      removeDirectory: ours.some(({ note }) => note?.madeDirectory),
    };
  });
  return removed;
}

function checkValue(key: string, value: string): void {
  if (value === "" || value !== value.trim() || /\p{Cc}|\s[#;]/u.test(value)) {
    throw new AwsProfileError(
      "invalidValue",
      `${key} = ${JSON.stringify(value)} cannot be written in an AWS configuration file: it is empty, begins or ends with a space, or holds a line break or a comment sign after a space.`,
    );
  }
}
