import { readFile } from "node:fs/promises";
import { proxyCredsPath } from "proxy-creds";
import { hasCode, unwritable } from "./locked-edit.ts";
import { headerOf, splitLines } from "./profile-section.ts";

/** The settings of a profile, by lower-case name; undefined when the file or the profile is not there. */
export async function readProfile(file: string, name: string): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw unwritable(file, error);
  });
  let settings: Map<string, string> | undefined;
  let inside = false;
  for (const line of splitLines(text ?? "")) {
    const header = headerOf(line);
    if (header !== undefined) {
      inside = header === name;
      if (inside) settings ??= new Map();
      continue;
    }
    // An indented line is a nested setting of the one above.
    const setting = inside ? /^([^\s=#;[][^=]*)=(.*)$/.exec(line.trimEnd()) : null;
    if (setting === null) continue;
    const [, key = "", value = ""] = setting;
    settings?.set(key.trim().toLowerCase(), value.replace(/\s[#;].*$/, "").trim());
  }
  return settings;
}

/** The region of a profile, if it names one. */
export async function readProfileRegion(file: string, name: string): Promise<string | undefined> {
  return (await readProfile(file, name))?.get("region") || undefined;
}

/** The region that clients would work in here: as the option says, else the environment, else the profile. */
export async function clientRegion(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  { file, profile }: { readonly file: string; readonly profile: string },
): Promise<string | undefined> {
  return option ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || (await readProfileRegion(file, profile)));
}

/**
 * Whether a profile gets its credentials from this proxy, by itself or through its `source_profile`s: the proxy must
 * not sign with its own agent keys.
 */
export async function profileUsesProxy(file: string, name: string): Promise<boolean> {
  const seen = new Set<string>();
  for (let next: string | undefined = name; next !== undefined && !seen.has(next); ) {
    seen.add(next);
    const settings: ReadonlyMap<string, string> | undefined = await readProfile(file, next);
    const command = settings?.get("credential_process") ?? "";
    if (
      command.includes(proxyCredsPath) ||
      /(^|[\s/'"])proxy-creds(\.js|\/dist\/main\.js)?(?=$|[\s'"])/.test(command)
    ) {
      return true;
    }
    next = settings?.get("source_profile");
  }
  return false;
}

/** Whether a shared credentials file has a section of this name; its sections are named without `profile`. */
export async function hasCredentialsSection(file: string, name: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "";
    throw unwritable(file, error);
  });
  return splitLines(text).some((line) => /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1] === name);
}
