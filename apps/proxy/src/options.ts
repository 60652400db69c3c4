import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Mode } from "@iap/aws-core";
import { nearestWord } from "./nearest-word.ts";
import { type TokenKind, tokenKinds } from "./tokens/token-subject.ts";
import { DEFAULT_SUFFIX } from "./upstream/user-agent-suffix.ts";
import { UsageError } from "./usage-error.ts";

/** One option of `start`: how it is spelled everywhere it can be set. A flag wins over the environment, that over the config file. */
export interface OptionSpec {
  /** The heading it is listed under. */
  readonly group: string;
  readonly type: "string" | "number" | "boolean" | "list";
  /** Its environment variable. A list is separated by commas there, one of files by colons. */
  readonly env: string;
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  /** `--no-NAME` turns it off; `false` in the environment and the config file. */
  readonly canBeOff?: boolean;
  readonly describe: string;
  /** What the help and docs/options.md show as the default. */
  readonly defaultText?: string;
}

export type OptionName =
  | "mode"
  | "policy"
  | "boundary"
  | "session-policy"
  | "policy-for"
  | "deny-action"
  | "allow-credentials-from"
  | "allow-unsigned"
  | "allow-token"
  | "profile"
  | "assume-role"
  | "source-identity"
  | "session-tags"
  | "dual-enforce"
  | "account-id"
  | "principal-arn"
  | "host"
  | "port"
  | "endpoint-port"
  | "http2"
  | "tunnel"
  | "tunnel-host"
  | "workers"
  | "agent"
  | "region"
  | "keypair-ttl"
  | "sock"
  | "upstream-map"
  | "upstream-ca"
  | "allow-host"
  | "user-agent-suffix"
  | "dir"
  | "config"
  | "action-log"
  | "activity-rotate"
  | "log-format"
  | "color";

/** Every option of `start`, in the order the help and docs/options.md list them. */
export const startOptions: Readonly<Record<OptionName, OptionSpec>> = {
  mode: {
    group: "What the agent may do",
    type: "string",
    env: "PROXY_MODE",
    choices: ["record", "shadow", "enforce"],
    describe: "record: let through and write down; shadow: say what the policy would deny; enforce: deny it",
    defaultText: "record",
  },
  policy: {
    group: "What the agent may do",
    type: "list",
    env: "ALLOWLIST_PATH",
    placeholder: "FILE",
    describe: "IAM policy JSON to hold the agent to; repeatable; shadow and enforce need one",
  },
  boundary: {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_BOUNDARY",
    placeholder: "FILE",
    describe: "Permissions boundary: it must allow, too; repeatable, and each must",
  },
  "session-policy": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_SESSION_POLICY",
    placeholder: "FILE",
    describe: "Session policy: it must allow, too; repeatable, and together they must",
  },
  "policy-for": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_POLICY_FOR",
    placeholder: "ROLE-PATTERN=FILE",
    describe:
      "Policy that sessions of these roles are held to besides the agent's own: it must allow, too; ROLE-PATTERN is a role's ARN or name, with * and ?; repeatable, and each that matches must",
  },
  "deny-action": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_DENY_ACTION",
    placeholder: "ACTION",
    describe:
      "Action to deny in every mode and whatever a policy says, wildcards as in policies; repeatable; holds for what needs no permission, too",
  },
  "allow-credentials-from": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_ALLOW_CREDENTIALS_FROM",
    placeholder: "SERVICE:OPERATION,...",
    describe:
      "Let these operations pass although their answers hold credentials: temporary AWS keys reach the agent as a fake pair with the real session behind it (sts:AssumeRole), anything else as it is (ecr:GetAuthorizationToken); repeatable",
  },
  "allow-unsigned": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_ALLOW_UNSIGNED",
    placeholder: "SERVICE:OPERATION,...",
    describe:
      "Let these operations pass although AWS does not authorise them by a signature, so that no policy holds (cognito-idp:SignUp); repeatable",
  },
  "allow-token": {
    group: "What the agent may do",
    type: "list",
    env: "PROXY_ALLOW_TOKEN",
    placeholder: "eks|rds|dsql|codecommit,...",
    describe:
      "Hand out tokens that clients make of their keys without asking AWS, made of the real credentials: they work without the proxy for up to 15 minutes (iam-agent-proxy token); repeatable",
    defaultText: "none",
  },
  profile: {
    group: "The real credentials",
    type: "string",
    env: "AWS_PROFILE",
    placeholder: "NAME",
    describe: "AWS profile of the real credentials",
    defaultText: "the SDK's default chain",
  },
  "assume-role": {
    group: "The real credentials",
    type: "string",
    env: "PROXY_ASSUME_ROLE",
    placeholder: "ARN",
    describe:
      "Assume this role with the real credentials, and sign with a session of it for each agent, whose name, SourceIdentity and tags say the agent and the run",
  },
  "source-identity": {
    group: "The real credentials",
    type: "boolean",
    env: "PROXY_SOURCE_IDENTITY",
    describe:
      "With --assume-role: say the agent in SourceIdentity, which stays through further roles; trust policies must allow sts:SetSourceIdentity; --no-source-identity does without",
    defaultText: "true",
  },
  "session-tags": {
    group: "The real credentials",
    type: "boolean",
    env: "PROXY_SESSION_TAGS",
    describe:
      "With --assume-role: say the agent and the run in session tags; the trust policy must allow sts:TagSession; --no-session-tags does without",
    defaultText: "true",
  },
  "dual-enforce": {
    group: "The real credentials",
    type: "boolean",
    env: "PROXY_DUAL_ENFORCE",
    describe:
      "With --assume-role: also send the policies as the session's policy, for AWS to enforce them, too; they must fit into 2,048 characters, or the proxy does not start",
    defaultText: "false",
  },
  "account-id": {
    group: "The real credentials",
    type: "string",
    env: "PROXY_ACCOUNT_ID",
    placeholder: "ID",
    describe: "Account of the real credentials",
    defaultText: "asked of STS once",
  },
  "principal-arn": {
    group: "The real credentials",
    type: "string",
    env: "PROXY_PRINCIPAL_ARN",
    placeholder: "ARN",
    describe: "Principal of the real credentials, as denials name it",
    defaultText: "asked of STS once",
  },
  host: {
    group: "Where it listens, and for what",
    type: "list",
    env: "PROXY_HOST",
    placeholder: "ADDRESS",
    describe: "Address to listen on; repeatable",
    defaultText: "127.0.0.1 and ::1",
  },
  port: {
    group: "Where it listens, and for what",
    type: "number",
    env: "PROXY_PORT",
    describe: "Port to listen on; 0 takes a free one",
    defaultText: "8080",
  },
  "endpoint-port": {
    group: "Where it listens, and for what",
    type: "number",
    env: "PROXY_ENDPOINT_PORT",
    placeholder: "PORT",
    describe:
      "Also serve plain HTTP on 127.0.0.1 at this port, for clients that cannot use a proxy: AWS_ENDPOINT_URL=http://127.0.0.1:PORT; 0 takes a free one",
    defaultText: "off",
  },
  http2: {
    group: "Where it listens, and for what",
    type: "list",
    env: "PROXY_HTTP2",
    placeholder: "PATTERN",
    describe:
      "Offer HTTP/2 to clients of hosts that match PATTERN (* is any text) too, besides those of services whose streams need it; repeatable",
  },
  tunnel: {
    group: "Where it listens, and for what",
    type: "string",
    env: "PROXY_TUNNEL",
    choices: ["allow", "deny"],
    describe: "What becomes of connections to hosts that are not AWS",
    defaultText: "allow; deny with --tunnel-host",
  },
  "tunnel-host": {
    group: "Where it listens, and for what",
    type: "list",
    env: "PROXY_TUNNEL_HOST",
    placeholder: "HOST",
    describe:
      "Host that is not AWS and may be connected to all the same, such as api.anthropic.com; .example.com is all below it; repeatable",
  },
  workers: {
    group: "Where it listens, and for what",
    type: "number",
    env: "PROXY_WORKERS",
    placeholder: "N",
    describe: "Serve requests with so many processes, 1 to 64, as one proxy: for more of them than one core can take",
    defaultText: "1",
  },
  agent: {
    group: "The agent",
    type: "string",
    env: "PROXY_AGENT",
    placeholder: "NAME",
    describe: "What the agent is called: in records, and to AWS",
    defaultText: "the name of the user that starts the proxy",
  },
  region: {
    group: "The agent",
    type: "string",
    env: "PROXY_REGION",
    placeholder: "REGION",
    describe: "Region of the agent's profile",
    defaultText: "$AWS_REGION, $AWS_DEFAULT_REGION, the source profile's",
  },
  "keypair-ttl": {
    group: "The agent",
    type: "number",
    env: "PROXY_KEYPAIR_TTL",
    placeholder: "SECONDS",
    describe: "How long an agent key pair lives",
    defaultText: "3600",
  },
  sock: {
    group: "The agent",
    type: "string",
    env: "PROXY_SOCK_PATH",
    placeholder: "PATH",
    describe: "Unix socket that vends the agent key pair",
    defaultText: "DIR/creds.sock",
  },
  "upstream-map": {
    group: "The way to AWS",
    type: "list",
    env: "PROXY_UPSTREAM_MAP",
    placeholder: "PATTERN=HOST:PORT",
    describe:
      "Connect to HOST:PORT for hosts that match PATTERN (* is any text); Host, SNI and the certificate check stay those of the host; repeatable; meant for testing and VPC endpoints",
  },
  "upstream-ca": {
    group: "The way to AWS",
    type: "string",
    env: "PROXY_UPSTREAM_CA",
    placeholder: "FILE",
    describe: "PEM file of certificate authorities to trust upstream, besides the built-in ones",
  },
  "allow-host": {
    group: "The way to AWS",
    type: "list",
    env: "PROXY_ALLOW_HOST",
    placeholder: "HOST[=ACCOUNT_ID]",
    describe:
      "Sign for this customer's endpoint too: an API Gateway API, Lambda function URL, OpenSearch domain or collection, AppSync API or VPC endpoint (vpce-...), named whole, and whose account it is in; repeatable",
  },
  "user-agent-suffix": {
    group: "The way to AWS",
    type: "string",
    env: "PROXY_USER_AGENT_SUFFIX",
    placeholder: "TEXT",
    canBeOff: true,
    describe:
      "What is appended to the User-Agent of requests that are signed anew, so that CloudTrail says which agent made them; {agent}, {run} and {version} are filled in; --no-user-agent-suffix leaves it as it is",
    defaultText: DEFAULT_SUFFIX,
  },
  dir: {
    group: "Files and output",
    type: "string",
    env: "PROXY_DIR",
    placeholder: "DIR",
    describe: "Where the CA, the socket and the logs live",
    defaultText: "~/.iam-agent-proxy",
  },
  config: {
    group: "Files and output",
    type: "string",
    env: "PROXY_CONFIG",
    placeholder: "FILE",
    describe: "JSON file of these options, by their names here",
  },
  "action-log": {
    group: "Files and output",
    type: "string",
    env: "ACTION_LOG_PATH",
    placeholder: "FILE",
    describe: "Plain list of the actions let through, appended to",
    defaultText: "DIR/actions.log",
  },
  "activity-rotate": {
    group: "Files and output",
    type: "number",
    env: "PROXY_ACTIVITY_ROTATE",
    placeholder: "MEGABYTES",
    describe: "Rename activity.jsonl to activity-TIME.jsonl when it has so many megabytes, and begin anew; 0: never",
    defaultText: "256",
  },
  "log-format": {
    group: "Files and output",
    type: "string",
    env: "PROXY_LOG_FORMAT",
    choices: ["text", "json"],
    describe: "Form of the terminal's lines",
    defaultText: "text",
  },
  color: {
    group: "Files and output",
    type: "boolean",
    env: "PROXY_COLOR",
    describe: "Colour the terminal's lines; --no-color turns it off",
    defaultText: "when stdout is a terminal and NO_COLOR is unset",
  },
};

/** The settings of a run, every default filled in. */
export interface Settings {
  readonly hosts: readonly string[];
  readonly port: number;
  /** Where clients without a proxy send plain HTTP; undefined: nowhere. */
  readonly endpointPort: number | undefined;
  readonly dir: string;
  readonly mode: Mode;
  /** What the agent is held to: none in record mode, wherever a policy may be set. */
  readonly policies: readonly string[];
  readonly boundaries: readonly string[];
  readonly sessionPolicies: readonly string[];
  /** `ROLE-PATTERN=FILE`: what sessions of roles are held to besides. */
  readonly policiesFor: readonly string[];
  /** Denied in every mode. */
  readonly denyActions: readonly string[];
  readonly actionLog: string;
  /** Megabytes at which the activity log is begun anew; 0: never. */
  readonly activityRotate: number;
  readonly keypairTtl: number;
  /** How many processes serve requests. */
  readonly workers: number;
  readonly sock: string;
  readonly profile: string | undefined;
  /** Assumed with the real credentials; undefined: these sign themselves. */
  readonly assumeRole: string | undefined;
  readonly sourceIdentity: boolean;
  readonly sessionTags: boolean;
  readonly dualEnforce: boolean;
  readonly region: string | undefined;
  readonly accountId: string | undefined;
  readonly principalArn: string | undefined;
  readonly upstreamMap: readonly string[];
  readonly upstreamCa: string | undefined;
  readonly allowHosts: readonly string[];
  readonly http2: readonly string[];
  readonly allowCredentialsFrom: readonly string[];
  readonly allowUnsigned: readonly string[];
  /** The kinds of tokens that are handed out. */
  readonly allowTokens: readonly TokenKind[];
  readonly tunnel: "allow" | "deny";
  /** Reached all the same when `tunnel` is `deny`: names, and `.name` for all below. */
  readonly tunnelHosts: readonly string[];
  /** What the agent is called; undefined: as the user that starts the proxy. */
  readonly agent: string | undefined;
  /** `{agent}`, `{run}` and `{version}` are filled in; false: nothing is appended. */
  readonly userAgentSuffix: string | false;
  readonly logFormat: "text" | "json";
  readonly color: boolean | undefined;
}

type Values = { readonly [Name in OptionName]?: unknown };
type Environment = Readonly<Record<string, string | undefined>>;

/** Where the proxy keeps its files unless told otherwise. */
export function defaultDir(env: Environment): string {
  return join(env.HOME || homedir(), ".iam-agent-proxy");
}

/** Merges flags, environment and config file. Throws `UsageError` naming the option, where it was set, and what it takes. */
export function readSettings(
  flags: Values,
  env: Environment,
  defaults: { readonly tunnel?: Settings["tunnel"] | undefined } = {},
): Settings {
  refuseGuesses(env);
  const configFile = text("config", flags.config ?? env[startOptions.config.env]);
  const config = configFile === undefined ? {} : readConfigFile(configFile);
  const value = (name: OptionName): unknown => {
    if (flags[name] !== undefined) return check(name, flags[name], `--${name}`);
    const { env: variable } = startOptions[name];
    const fromEnv = env[variable];
    if (fromEnv !== undefined && fromEnv !== "") return check(name, parseVariable(name, fromEnv), variable);
    if (config[name] !== undefined) return check(name, config[name], `${name} in ${configFile}`);
    return undefined;
  };
  const dir = text("dir", value("dir")) ?? defaultDir(env);
  const hosts = value("host") as readonly string[] | undefined;
  const mode = value("mode") as Mode | undefined;
  const tunnelHosts = (value("tunnel-host") as readonly string[] | undefined) ?? [];
  const listOf = (name: OptionName): readonly string[] => (value(name) as readonly string[] | undefined) ?? [];
  const policies = listOf("policy");
  const boundaries = listOf("boundary");
  const sessionPolicies = listOf("session-policy");
  const policiesFor = listOf("policy-for");
  const given = policies.length + boundaries.length + sessionPolicies.length + policiesFor.length;
  if (mode === undefined && given > 0) {
    throw new UsageError(
      "a policy is given, but not whether to hold the agent to it: add --mode enforce (or shadow; record does not judge).",
    );
  }
  const settings: Settings = {
    hosts: hosts === undefined || hosts.length === 0 ? ["127.0.0.1", "::1"] : hosts,
    port: (value("port") as number | undefined) ?? 8080,
    endpointPort: value("endpoint-port") as number | undefined,
    workers: (value("workers") as number | undefined) ?? 1,
    dir,
    mode: mode ?? "record",
    policies: mode === "record" ? [] : policies,
    boundaries: mode === "record" ? [] : boundaries,
    sessionPolicies: mode === "record" ? [] : sessionPolicies,
    policiesFor: mode === "record" ? [] : policiesFor,
    denyActions: listOf("deny-action"),
    actionLog: text("action-log", value("action-log")) ?? join(dir, "actions.log"),
    activityRotate: (value("activity-rotate") as number | undefined) ?? 256,
    keypairTtl: (value("keypair-ttl") as number | undefined) ?? 3600,
    sock: text("sock", value("sock")) ?? join(dir, "creds.sock"),
    profile: text("profile", value("profile")),
    assumeRole: text("assume-role", value("assume-role")),
    sourceIdentity: (value("source-identity") as boolean | undefined) ?? true,
    sessionTags: (value("session-tags") as boolean | undefined) ?? true,
    dualEnforce: (value("dual-enforce") as boolean | undefined) ?? false,
    region: text("region", value("region")),
    accountId: text("account-id", value("account-id")),
    principalArn: text("principal-arn", value("principal-arn")),
    upstreamMap: (value("upstream-map") as readonly string[] | undefined) ?? [],
    upstreamCa: text("upstream-ca", value("upstream-ca")),
    allowHosts: (value("allow-host") as readonly string[] | undefined) ?? [],
    http2: (value("http2") as readonly string[] | undefined) ?? [],
    allowCredentialsFrom: (value("allow-credentials-from") as readonly string[] | undefined) ?? [],
    allowUnsigned: (value("allow-unsigned") as readonly string[] | undefined) ?? [],
    allowTokens: tokenKindsIn(listOf("allow-token")),
    tunnel:
      (value("tunnel") as "allow" | "deny" | undefined) ??
      (tunnelHosts.length > 0 ? "deny" : (defaults.tunnel ?? "allow")),
    tunnelHosts,
    agent: text("agent", value("agent")),
    userAgentSuffix: (value("user-agent-suffix") as string | false | undefined) ?? DEFAULT_SUFFIX,
    logFormat: (value("log-format") as "text" | "json" | undefined) ?? "text",
    color: value("color") as boolean | undefined,
  };
  judge(settings);
  return settings;
}

function judge({
  agent,
  userAgentSuffix,
  assumeRole,
  dualEnforce,
  mode,
  policies,
  port,
  endpointPort,
  activityRotate,
  keypairTtl,
  workers,
  accountId,
  principalArn,
  tunnelHosts,
}: Settings): void {
  if (mode !== "record" && policies.length === 0) {
    throw new UsageError(
      `--mode ${mode} needs a policy to hold the agent to: give --policy FILE (or ALLOWLIST_PATH). ` +
        "`iam-agent-proxy policy` writes one from what was recorded.",
    );
  }
  if (assumeRole !== undefined && !/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(assumeRole)) {
    throw new UsageError(
      `--assume-role must be the ARN of a role, like arn:aws:iam::123456789012:role/agent, not ${JSON.stringify(assumeRole)}`,
    );
  }
  if (dualEnforce && assumeRole === undefined) {
    throw new UsageError(
      "--dual-enforce needs --assume-role ARN: AWS takes a session policy only when a role is assumed, not for credentials that are there already",
    );
  }
  if (dualEnforce && mode !== "enforce") {
    throw new UsageError(
      `--dual-enforce needs --mode enforce: in ${mode} mode AWS would deny what the proxy lets pass`,
    );
  }
  if (agent !== undefined && agent.length > 256) {
    throw new UsageError(`--agent takes up to 256 characters, not ${agent.length}`);
  }
  if (userAgentSuffix !== false && !/^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(userAgentSuffix)) {
    throw new UsageError(
      `--user-agent-suffix takes up to 256 printable ASCII characters, not ${JSON.stringify(userAgentSuffix)}`,
    );
  }
  for (const host of tunnelHosts) {
    if (!/^\.?[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(host)) {
      throw new UsageError(`--tunnel-host takes one host name without scheme or port, not ${JSON.stringify(host)}`);
    }
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new UsageError(`--port must be 0 to 65535, not ${port}`);
  if (endpointPort !== undefined && (!Number.isInteger(endpointPort) || endpointPort < 0 || endpointPort > 65535)) {
    throw new UsageError(`--endpoint-port must be 0 to 65535, not ${endpointPort}`);
  }
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new UsageError(`--workers must be 1 to 64, not ${workers}`);
  }
  if (!Number.isInteger(keypairTtl) || keypairTtl < 60 || keypairTtl > 43_200) {
    throw new UsageError(`--keypair-ttl must be 60 to 43200 seconds, not ${keypairTtl}`);
  }
  if (!(activityRotate >= 0)) {
    throw new UsageError(`--activity-rotate must be a number of megabytes, or 0, not ${activityRotate}`);
  }
  if (accountId !== undefined && !/^\d{12}$/.test(accountId)) {
    throw new UsageError(`--account-id must be twelve digits, not ${accountId}`);
  }
  if (principalArn !== undefined && !/^arn:[a-z-]+:(iam|sts)::\d{12}:.+$/.test(principalArn)) {
    throw new UsageError(`--principal-arn must be the ARN of an IAM or STS principal, not ${principalArn}`);
  }
}

/** The kinds in lists separated by commas. */
function tokenKindsIn(lists: readonly string[]): readonly TokenKind[] {
  const names = lists.flatMap((list) => list.split(",")).map((name) => name.trim());
  for (const name of names) {
    if (!tokenKinds.includes(name as TokenKind)) {
      throw new UsageError(`--allow-token takes ${tokenKinds.join(", ")}, not ${JSON.stringify(name)}`);
    }
  }
  return [...new Set(names as TokenKind[])];
}

/** Most variables are PROXY_ and the option's name: one that is not, and is set so, was meant, and would count for nothing. */
function refuseGuesses(env: Environment): void {
  for (const [name, { env: variable }] of Object.entries(startOptions)) {
    const guess = `PROXY_${name.toUpperCase().replaceAll("-", "_")}`;
    if (guess !== variable && env[guess]) {
      throw new UsageError(`${guess} is not read: the variable of --${name} is ${variable}`);
    }
  }
}

function readConfigFile(file: string): Values {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`the config file ${file} cannot be read: ${(error as Error).message}`);
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) {
    throw new UsageError(`the config file ${file} must hold one JSON object of options`);
  }
  const known = Object.keys(startOptions).filter((name) => name !== "config");
  for (const name of Object.keys(parsed)) {
    if (known.includes(name)) continue;
    const meant = nearestWord(name, known);
    throw new UsageError(
      `the config file ${file} has an unknown option "${name}"; ${meant === undefined ? "they are named like the flags of start, without the dashes" : `did you mean "${meant}"?`}`,
    );
  }
  return parsed as Values;
}

function parseVariable(name: OptionName, value: string): unknown {
  switch (startOptions[name].type) {
    case "number":
      return /^\d+$/.test(value) ? Number(value) : value;
    case "boolean":
      return value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value;
    case "list":
      return value.split(listSeparator(name)).filter((item) => item !== "");
    default:
      return value;
  }
}

/** Files are listed as in PATH; addresses and maps, which hold colons, by commas. */
function listSeparator(name: OptionName): string {
  return name === "policy" || name === "boundary" || name === "session-policy" ? ":" : ",";
}

function check(name: OptionName, value: unknown, where: string): unknown {
  const spec = startOptions[name];
  const wrong = (expected: string): never => {
    const shown = typeof value === "number" ? String(value) : JSON.stringify(value);
    throw new UsageError(`${where} must be ${expected}, not ${shown}`);
  };
  if (spec.type === "list") {
    const list = typeof value === "string" ? [value] : value;
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string")) return wrong("a list of strings");
    if (list.includes("")) throw new UsageError(`${where} must not be empty`);
    return list;
  }
  if (Array.isArray(value)) return wrong("given once");
  if (spec.canBeOff && (value === false || value === "false")) return false;
  if (typeof value !== spec.type || (spec.type === "number" && !Number.isFinite(value))) return wrong(`a ${spec.type}`);
  if (value === "") throw new UsageError(`${where} must not be empty`);
  if (spec.choices !== undefined && !spec.choices.includes(value as string)) {
    return wrong(`one of ${spec.choices.join(", ")}`);
  }
  return value;
}

function text(name: OptionName, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== "string") throw new UsageError(`--${name} must be given once`);
  return value;
}
