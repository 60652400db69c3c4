import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isWithin } from "./is-within.ts";

export interface HiddenPathsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The proxy's own directory, with its CA key, install key and sockets. */
  readonly proxyDir: string;
}

/** A path that an isolated command must not see: a directory is shown empty, a file too. */
export interface HiddenPath {
  readonly path: string;
  readonly kind: "directory" | "file";
}

/** Under the home directory: where AWS credentials, and what gives them out, are kept. */
const inHome: readonly string[] = [
  ".aws",
  ".aws-vault",
  ".awsvault",
  ".aws-sso",
  ".config/aws-sso",
  ".aws-sso-util",
  ".granted",
  ".config/granted",
  ".saml2aws",
  ".aws-azure-login",
  ".okta",
  ".okta_aws_login_config",
  ".leapp",
  ".Leapp",
  ".elhaz",
  ".config/elhaz",
  ".local/share/elhaz",
  ".boto",
  ".s3cfg",
  ".mc",
  ".duck",
  ".steampipe/config",
  ".passwd-s3fs",
  ".config/rclone",
  ".rclone.conf",
  ".terraform.d/credentials.tfrc.json",
  ".terraformrc",
  ".pulumi/credentials.json",
  ".kube",
  ".docker",
  ".ssh",
  ".gnupg",
  ".password-store",
  ".local/share/keyrings",
  ".local/share/kwalletd",
  ".netrc",
  ".git-credentials",
  ".config/git/credentials",
  ".config/gcloud",
  ".azure",
  ".colima",
  ".lima",
  ".orbstack",
  ".rd",
  ".1password",
  ".config/op",
  ".config/gh",
  ".config/hub",
  ".config/glab-cli",
  ".config/doctl",
  ".config/aws-vault",
  ".config/containers",
  ".config/helm/registry",
  ".pypirc",
  ".m2/settings-security.xml",
  ".gem/credentials",
  ".cargo/credentials.toml",
  ".cargo/credentials",
  ".databrickscfg",
  ".snowflake",
  ".vault-token",
  ".pgpass",
  // Browsers are signed in to the console.
  ".mozilla",
  ".config/google-chrome",
  ".config/chromium",
  ".config/BraveSoftware",
  ".config/microsoft-edge",
  ".config/vivaldi",
  ".config/opera",
  "snap/firefox",
  "snap/chromium",
  ".var/app",
  // What was typed, keys among it.
  ".bash_history",
  ".zsh_history",
  ".zsh_sessions",
  ".local/share/fish",
  ".local/share/atuin",
  ".python_history",
  ".node_repl_history",
];

/** Variables that put what is in a directory of the home elsewhere (XDG Base Directory Specification). */
const moved = [
  [".config/", "XDG_CONFIG_HOME"],
  [".local/share/", "XDG_DATA_HOME"],
] as const;

/** The paths of those, where they are by default and where the environment puts them. */
function credentialPaths({ env, home }: Pick<HiddenPathsOptions, "env" | "home">): readonly string[] {
  return inHome.flatMap((path) => {
    const [directory = "", variable = ""] = moved.find(([prefix]) => path.startsWith(prefix)) ?? [];
    const elsewhere = env[variable];
    return [join(home, path), ...(elsewhere ? [resolve(elsewhere, path.slice(directory.length))] : [])];
  });
}

/** Directories in which one of those may come to be while the command runs. */
export function credentialDirectories(options: Pick<HiddenPathsOptions, "env" | "home">): readonly string[] {
  return [...new Set(credentialPaths(options).map(dirname))].filter((path) => existsSync(path));
}

/** Variables that name a file with credentials, or one that leads to them. */
const namedByVariable: readonly string[] = [
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CREDENTIAL_FILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "BOTO_CONFIG",
  "RCLONE_CONFIG",
  "MC_CONFIG_DIR",
  "KUBECONFIG",
  "DOCKER_CONFIG",
  "GNUPGHOME",
  "PASSWORD_STORE_DIR",
  "NETRC",
  "CLOUDSDK_CONFIG",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "AZURE_CONFIG_DIR",
  "GH_CONFIG_DIR",
  "TF_CLI_CONFIG_FILE",
  "PGPASSFILE",
  "XDG_RUNTIME_DIR",
];

/** For every user of a machine: EKS pods mount their tokens here. */
const everywhere: readonly string[] = [
  "/etc/boto.cfg",
  "/var/run/secrets",
  "/run/secrets",
  "/etc/rancher",
  "/root/.aws",
];

/**
 * The paths with credentials that are there, by their real names, so that a link to one is no way round: also what the
 * files directly below them link to.
 */
export function hiddenPaths({ env, home, proxyDir }: HiddenPathsOptions): readonly HiddenPath[] {
  const named = namedByVariable.flatMap((name) => (env[name] ?? "").split(name === "KUBECONFIG" ? ":" : "\0"));
  const candidates = [
    ...credentialPaths({ env, home }),
    ...named.filter((path) => path !== "").map((path) => resolve(path)),
    ...everywhere,
    proxyDir,
  ];
  const found = new Map<string, HiddenPath>();
  const hide = (path: string, depth: number): void => {
    let real: string;
    try {
      real = realpathSync(path);
    } catch {
      return;
    }
    // A link to everything hides nothing: the command needs its home.
    if (found.has(real) || isWithin(home, real)) return;
    const kind = statSync(real).isDirectory() ? "directory" : "file";
    found.set(real, { path: real, kind });
    if (kind === "directory" && depth > 0) for (const target of linksIn(real)) hide(target, depth - 1);
  };
  for (const path of candidates) hide(path, 2);
  // What is inside of a hidden directory is hidden with it.
  return [...found.values()].filter(
    ({ path }) => ![...found.values()].some((other) => other.path !== path && isWithin(path, other.path)),
  );
}

function linksIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .map((name) => join(directory, name))
      .filter((path) => lstatSync(path).isSymbolicLink())
      .map((path) => resolve(dirname(path), readlinkSync(path)));
  } catch {
    return [];
  }
}
