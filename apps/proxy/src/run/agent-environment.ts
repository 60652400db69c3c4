import { dirname } from "node:path";
import { noProxy } from "./no-proxy.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the files an agent is given are. */
export interface AgentFilePaths {
  /** AWS configuration with the profile `iam-agent-proxy`. */
  readonly config: string;
  /** A shared credentials file with nothing in it. */
  readonly credentials: string;
  /** The system's roots, those the user's programs trust already, and the proxy's. */
  readonly caBundle: string;
  /** The proxy's root, and what NODE_EXTRA_CA_CERTS named: Node adds it to its own. */
  readonly nodeCa: string;
  /** The bundle for Java, PKCS #12. */
  readonly trustStore: string;
  /** The vending socket. */
  readonly socket: string;
  /** What makes Node's own clients obey HTTPS_PROXY. */
  readonly nodePreload: string;
  /** Settings of PHP, which reads no variable that names certificates: a file in a directory that it scans. */
  readonly phpIni: string;
}

/** Agent keys as variables, for tools that know no credential_process. */
export interface StaticKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface AgentEnvironmentOptions {
  /** The environment that the agent would have had. */
  readonly inherited: Environment;
  /** `http://[USER:PASSWORD@]HOST:PORT` */
  readonly proxyUrl: string;
  /** Where JVMs find the proxy: they send no password in tunnels. */
  readonly jvmProxy: { readonly host: string; readonly port: number };
  readonly files: AgentFilePaths;
  readonly region?: string | undefined;
  readonly staticKeys?: StaticKeys | undefined;
  /** Variables that stay as they are inherited, whatever they hold. */
  readonly keep?: readonly string[] | undefined;
  /** Set last: wins over everything. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Whether AWS_CA_BUNDLE is set: rclone up to 1.60 and version 4.1 of Terraform's provider fail with it. Yes by default. */
  readonly awsCaBundle?: boolean | undefined;
  /** Endpoint mode: clients send to this address instead of AWS's. */
  readonly endpointUrl?: string | undefined;
}

/** The difference between an environment and the agent's. */
export interface AgentEnvironment {
  readonly set: Readonly<Record<string, string>>;
  /** To be unset: credentials, and what would lead past the proxy. Only names the inherited environment has. */
  readonly unset: readonly string[];
  /** What the user should know: what was kept or dropped. */
  readonly warnings: readonly string[];
}

/** The profile that an agent's AWS configuration has. */
export const agentProfile = "iam-agent-proxy";

/**
 * The environment that puts an agent behind the proxy: both cases of the proxy variables (AWS CLI prefers the lower,
 * Ruby reads `http_proxy` only), a bundle that replaces and one that adds, AWS's files and profile, no real credentials.
 */
export function agentEnvironment(options: AgentEnvironmentOptions): AgentEnvironment {
  const { inherited, keep = [], set = {} } = options;
  const kept = new Set(keep);
  const { value: exempt, dropped } = noProxy([inherited.no_proxy, inherited.NO_PROXY].filter(Boolean).join(","));
  const wanted: Record<string, string> = {
    ...proxyVariables(options, exempt),
    ...trustVariables(options),
    ...awsVariables(options),
  };
  const variables = Object.fromEntries(Object.entries(wanted).filter(([name]) => !kept.has(name)));
  Object.assign(variables, set);

  const secrets = secretValues(inherited);
  const isSecret = (name: string): boolean => {
    const value = inherited[name] ?? "";
    return holdsCredentials(name) || secrets.some((secret) => value.includes(secret));
  };
  const unset = Object.keys(inherited)
    .filter((name) => inherited[name] !== undefined && !(name in variables) && !kept.has(name))
    .filter((name) => isSecret(name) || leadsAstray(name, options))
    .sort();

  const keptSecrets = keep.filter((name) => inherited[name] !== undefined && isSecret(name));
  const warnings = [
    ...(dropped.length === 0
      ? []
      : [`NO_PROXY exempts ${dropped.join(", ")}, and so AWS: the agent's does not have that`]),
    ...keptSecrets.map((name) => `${name} is kept: it may hold real credentials, and the agent sees it`),
    ...(inherited.NODE_OPTIONS !== undefined && kept.has("NODE_OPTIONS")
      ? ["NODE_OPTIONS is kept: the AWS SDK for JavaScript goes past the proxy"]
      : []),
  ];
  return { set: variables, unset, warnings };
}

/** The whole environment: what was inherited, changed. */
export function applied({ set, unset }: AgentEnvironment, inherited: Environment): Record<string, string> {
  const gone = new Set(unset);
  const all = { ...inherited, ...set };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined && !gone.has(entry[0])),
  );
}

function proxyVariables(options: AgentEnvironmentOptions, exempt: string): Record<string, string> {
  const { inherited, proxyUrl, jvmProxy, files } = options;
  const { host, port } = jvmProxy;
  const java = [
    ...["http", "https"].flatMap((scheme) => [`-D${scheme}.proxyHost=${host}`, `-D${scheme}.proxyPort=${port}`]),
    "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
    javaProperty("javax.net.ssl.trustStore", files.trustStore),
    "-Djavax.net.ssl.trustStoreType=PKCS12",
  ];
  return {
    HTTPS_PROXY: proxyUrl,
    https_proxy: proxyUrl,
    HTTP_PROXY: proxyUrl,
    http_proxy: proxyUrl,
    NO_PROXY: exempt,
    no_proxy: exempt,
    NODE_USE_ENV_PROXY: "1",
    NODE_OPTIONS: joined(inherited.NODE_OPTIONS, `--require ${nodeWord(files.nodePreload)}`),
    JAVA_TOOL_OPTIONS: joined(inherited.JAVA_TOOL_OPTIONS, java.join(" ")),
  };
}

function trustVariables({ inherited, files, awsCaBundle = true }: AgentEnvironmentOptions): Record<string, string> {
  return {
    ...Object.fromEntries(bundleVariables.map((name) => [name, files.caBundle])),
    ...(awsCaBundle ? { AWS_CA_BUNDLE: files.caBundle } : {}),
    NODE_EXTRA_CA_CERTS: files.nodeCa,
    // An empty part stands for the directory that PHP was built with.
    PHP_INI_SCAN_DIR: [...new Set([...(inherited.PHP_INI_SCAN_DIR ?? "").split(":"), dirname(files.phpIni)])].join(":"),
  };
}

function awsVariables(options: AgentEnvironmentOptions): Record<string, string> {
  const { inherited, files, staticKeys } = options;
  const region = options.region ?? (inherited.AWS_REGION || inherited.AWS_DEFAULT_REGION);
  return {
    AWS_CONFIG_FILE: files.config,
    AWS_SHARED_CREDENTIALS_FILE: files.credentials,
    PROXY_SOCK_PATH: files.socket,
    AWS_SDK_LOAD_CONFIG: "1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    ...(staticKeys === undefined
      ? { AWS_PROFILE: agentProfile }
      : {
          AWS_ACCESS_KEY_ID: staticKeys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: staticKeys.secretAccessKey,
          AWS_SESSION_TOKEN: staticKeys.sessionToken,
        }),
    ...(region
      ? {
          AWS_REGION: options.region ?? (inherited.AWS_REGION || region),
          AWS_DEFAULT_REGION: options.region ?? (inherited.AWS_DEFAULT_REGION || region),
        }
      : {}),
    ...(options.endpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: options.endpointUrl }),
  };
}

/** Variables that name a bundle which takes the place of a program's own roots. */
export const bundleVariables: readonly string[] = [
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "DENO_CERT",
  "CARGO_HTTP_CAINFO",
  "npm_config_cafile",
  "RCLONE_CA_CERT",
  "CODEX_CA_CERTIFICATE",
  "NIX_SSL_CERT_FILE",
  "HTTPLIB2_CA_CERTS",
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
  "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
];

/** Whether a variable of this name hands out AWS credentials, or says where they are to be had. */
function holdsCredentials(name: string): boolean {
  const upper = name.toUpperCase();
  if (upper.startsWith("AWS_CONTAINER_") || upper.startsWith("AWS_EC2_METADATA_SERVICE_ENDPOINT")) return true;
  if (upper.startsWith("AWS_") || upper.startsWith("AMAZON_") || upper.startsWith("AWSUME")) {
    return (
      /ACCESS_KEY|SECRET|TOKEN|CREDENTIAL|PASSWORD|API_KEY|ROLE_ARN|ROLE_SESSION_NAME|SSO|VAULT|AWSUME/.test(upper) ||
      /^AWS_(DEFAULT_)?PROFILE$/.test(upper)
    );
  }
  return /SECRET_ACCESS_KEY|AWS_?(SECRET|SESSION_?TOKEN|ACCESS_KEY)/.test(upper);
}

/** Whether a variable would lead requests, or trust, past what the agent is given. */
function leadsAstray(name: string, { awsCaBundle = true, endpointUrl }: AgentEnvironmentOptions): boolean {
  if (/^all_proxy$/i.test(name) || name === "SSL_CERT_DIR") return true;
  if (name === "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") return endpointUrl !== undefined;
  if (/^AWS_ENDPOINT_URL(_|$)/.test(name)) return true;
  return /^aws_ca_bundle$/i.test(name) && (!awsCaBundle || name !== "AWS_CA_BUNDLE");
}

/** The secrets themselves: another variable that holds one goes too. */
function secretValues(inherited: Environment): readonly string[] {
  return ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"]
    .map((name) => inherited[name] ?? "")
    .filter((value) => value.length >= 16);
}

function joined(inherited: string | undefined, ours: string): string {
  if (inherited === undefined || inherited.trim() === "") return ours;
  return inherited.includes(ours) ? inherited : `${inherited} ${ours}`;
}

/** A word of NODE_OPTIONS: double quotes, in which a backslash escapes. */
function nodeWord(text: string): string {
  return /[\s"\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}

/** A word of JAVA_TOOL_OPTIONS: a quote of either kind ends with the same kind, and nothing escapes. */
function javaProperty(name: string, value: string): string {
  const option = `-D${name}=${value}`;
  if (!/[\s'"]/.test(option)) return option;
  return option
    .split(/(")/)
    .map((part) => (part === '"' ? `'"'` : part === "" ? "" : `"${part}"`))
    .join("");
}
