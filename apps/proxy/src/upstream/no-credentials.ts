import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { headerOf, splitLines } from "../aws-config/profile-section.ts";
import { readProfile } from "../aws-config/read-profile.ts";

export interface NoCredentialsOptions {
  /** The profile that was asked for; undefined: the SDK's default chain. */
  readonly profile: string | undefined;
  /** Says where AWS's files are. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What to tell when the real credentials cannot be had: why, and how to get them. The SDK's own words are about its
 * providers; what the profile says tells more.
 */
export async function noCredentials(error: Error, { profile, env }: NoCredentialsOptions): Promise<string> {
  const home = env.HOME || homedir();
  const configFile = env.AWS_CONFIG_FILE || join(home, ".aws", "config");
  const credentialsFile = env.AWS_SHARED_CREDENTIALS_FILE || join(home, ".aws", "credentials");
  const source = profile === undefined ? "the SDK's default chain" : `profile ${profile}`;
  const name = profile ?? (env.AWS_PROFILE || "default");
  const chain = await sourceProfiles(configFile, name);
  const names = await profileNames(configFile, credentialsFile);
  const why = reason(error.message, { name, named: profile !== undefined, chain, names });
  return `no AWS credentials from ${source}: ${why} Requests are answered 503 until there are.`;
}

interface Known {
  readonly name: string;
  readonly named: boolean;
  /** The profile and those it takes its credentials from, as far as they are in the configuration. */
  readonly chain: readonly Profile[];
  readonly names: readonly string[];
}

interface Profile {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
}

function reason(message: string, { name, named, chain, names }: Known): string {
  const others =
    names.length === 0
      ? "there is no profile yet: `aws configure sso` or `aws configure` makes one"
      : `there are ${names.slice(0, 20).join(", ")}`;
  if (named && !names.includes(name))
    return `there is no such profile; ${others}. Set AWS_PROFILE or --profile to one.`;
  const missing = chain.find(({ settings }) => !names.includes(settings.get("source_profile") ?? name));
  if (missing !== undefined) {
    return `the source_profile of ${missing.name}, ${missing.settings.get("source_profile")}, is no profile; ${others}.`;
  }
  const signedOn = chain.find(({ settings }) => settings.has("sso_session") || settings.has("sso_start_url"));
  if (signedOn !== undefined && /sso|token|device authorization/i.test(message)) {
    return `the session of IAM Identity Center is over, or none was begun. Log in: \`aws sso login${option(signedOn.name)}\`.`;
  }
  const loggedIn = chain.find(({ settings }) => settings.has("login_session"));
  if (loggedIn !== undefined)
    return `the login is over, or there was none. Log in: \`aws login${option(loggedIn.name)}\`.`;
  const asked = chain.find(({ settings }) => settings.has("credential_process"));
  if (asked !== undefined && /could not load credentials|process|no answer|expired at|empty/i.test(message)) {
    const fault = /could not load credentials from any/i.test(message)
      ? "it failed, or gave none that are still good"
      : message;
    return `they come from the credential_process of ${asked.name}: ${fault}. Run it by hand to see: ${asked.settings.get("credential_process")}`;
  }
  if (/could not load credentials from any/i.test(message)) {
    return named
      ? `the profile has neither keys nor a way to get any (sso_session, role_arn, credential_process, ...). Set AWS_PROFILE or --profile to one that does; ${others}.`
      : `no profile is named, and there are no keys in the environment, the files, the container or the instance. Set AWS_PROFILE or --profile; ${others}.`;
  }
  return `${message.replace(/\.*$/, "")}. Set AWS_PROFILE or --profile to a profile that works.`;
}

function option(profile: string): string {
  if (profile === "default") return "";
  return ` --profile ${/^[\w.@:/+-]+$/.test(profile) ? profile : `'${profile}'`}`;
}

async function sourceProfiles(file: string, name: string): Promise<readonly Profile[]> {
  const chain: Profile[] = [];
  for (let next: string | undefined = name; next !== undefined && !chain.some((each) => each.name === next); ) {
    const settings: ReadonlyMap<string, string> | undefined = await readProfile(file, next).catch(() => undefined);
    if (settings === undefined) break;
    chain.push({ name: next, settings });
    next = settings.get("source_profile");
  }
  return chain;
}

/** The profiles there are, without the agent's own. */
async function profileNames(configFile: string, credentialsFile: string): Promise<readonly string[]> {
  const lines = async (file: string): Promise<readonly string[]> =>
    splitLines(await readFile(file, "utf8").catch(() => ""));
  const configured = (await lines(configFile)).map(headerOf);
  const shared = (await lines(credentialsFile)).map((line) => /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]);
  const names = [...configured, ...shared].filter((each) => each !== undefined && each !== "") as string[];
  return [...new Set(names)].filter((each) => each !== "iam-agent-proxy");
}
