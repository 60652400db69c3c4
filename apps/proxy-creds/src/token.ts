import { ask } from "@iap/cred-vendor";

/** What `proxy-creds token` and `iam-agent-proxy token` are given. */
export interface TokenArguments {
  /** `eks`, `rds`, `dsql` or `codecommit`. */
  readonly kind: string;
  /** Of codecommit, what git asks for: `get`, `store`, `erase`; `get` by default. */
  readonly operation?: string | undefined;
  /** eks: the cluster. */
  readonly clusterName?: string | undefined;
  /** eks: whose STS is asked; $AWS_REGION, $AWS_DEFAULT_REGION or the proxy's own by default. */
  readonly region?: string | undefined;
  /** rds, dsql: the database's endpoint. */
  readonly hostname?: string | undefined;
  /** rds: its port. */
  readonly port?: string | undefined;
  /** rds: the database user. */
  readonly username?: string | undefined;
  /** dsql: for the role `admin`. */
  readonly admin?: boolean | undefined;
  /** Exchange what standard input has, which a client made with an agent key, for the same of the real one. */
  readonly signed?: boolean | undefined;
}

export interface TokenOptions {
  readonly socketPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; asked for where it is needed. */
  readonly input: () => Promise<string>;
}

/** Arguments that ask for no token. */
export class TokenUsageError extends Error {
  override readonly name = "TokenUsageError";
}

/**
 * Asks the running proxy for a token, and gives it in the form that the tool reads which wants it: an ExecCredential for
 * kubectl, the password alone for databases, attributes for git. Empty where git asks for what is not CodeCommit's.
 * Throws `TokenUsageError`, and `VendingError` when the proxy gives none.
 */
export async function tokenText(args: TokenArguments, options: TokenOptions): Promise<string> {
  const { kind } = args;
  if (!Object.hasOwn(forms, kind)) {
    throw new TokenUsageError(`a token is of kind ${Object.keys(forms).join(", ")}, not ${JSON.stringify(kind)}`);
  }
  return (forms[kind] as Form)(args, options);
}

type Form = (args: TokenArguments, options: TokenOptions) => Promise<string>;

/** The proxy may have to fetch its own credentials first. */
const timeoutMs = 30_000;

const forms: Readonly<Record<string, Form>> = {
  async eks(args, { env, input, socketPath }) {
    const { clusterName, region = env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined } = args;
    if (clusterName === undefined) throw new TokenUsageError("a token for eks needs --cluster-name");
    const names = args.signed ? { token: execToken(await input()) } : { region };
    const { token, expiration } = await issued({ kind: "eks", clusterName, ...names }, socketPath);
    const status = { expirationTimestamp: expiration.replace(/\.\d+Z$/, "Z"), token };
    return `${JSON.stringify({ kind: "ExecCredential", apiVersion: apiVersion(env), spec: {}, status })}\n`;
  },
  async rds({ hostname, port, username, signed }, { input, socketPath }) {
    if (!signed && (hostname === undefined || port === undefined || username === undefined)) {
      throw new TokenUsageError("a token for rds needs --hostname, --port and --username");
    }
    const names = signed ? { token: (await input()).trim() } : { hostname, port, username };
    return `${(await issued({ kind: "rds", ...names }, socketPath)).token}\n`;
  },
  async dsql({ hostname, admin, signed }, { input, socketPath }) {
    if (!signed && hostname === undefined) throw new TokenUsageError("a token for dsql needs --hostname");
    const names = signed ? { token: (await input()).trim() } : { hostname, admin };
    return `${(await issued({ kind: "dsql", ...names }, socketPath)).token}\n`;
  },
  async codecommit({ operation = "get", signed }, { input, socketPath }) {
    // What git wants to have kept or forgotten is good for 15 minutes; of what else it may ask, helpers say nothing.
    if (operation !== "get") return "";
    const attributes = gitAttributes(await input());
    const host = (attributes.get("host") ?? "").replace(/:443$/, "");
    if (attributes.get("protocol") !== "https" || !/^git-codecommit(-fips)?\./.test(host)) return "";
    const [password, name] = [attributes.get("password"), attributes.get("username")];
    if (signed && (password === undefined || name === undefined)) {
      throw new TokenUsageError("--signed takes git's attributes with a username and a password on standard input");
    }
    const handedIn = signed ? { username: name, password } : {};
    const asked = { kind: "codecommit", host, path: attributes.get("path") ?? "/", ...handedIn };
    const made = await issued(asked, socketPath);
    const end = Math.floor(Date.parse(made.expiration) / 1000);
    return `username=${made.username}\npassword=${made.password}\npassword_expiry_utc=${end}\n`;
  },
};

interface Issued {
  readonly token: string;
  readonly username: string;
  readonly password: string;
  /** ISO 8601, UTC. */
  readonly expiration: string;
}

async function issued(request: Readonly<Record<string, unknown>>, socketPath: string): Promise<Issued> {
  // `as`: of each kind the members that are its own are read.
  return (await ask("token", request, { socketPath, timeoutMs })) as Issued;
}

/** The token of an ExecCredential, as `aws eks get-token` prints it; or what there is, if it is no JSON. */
function execToken(text: string): string {
  const plain = text.trim();
  if (!plain.startsWith("{")) return plain;
  try {
    const { status } = JSON.parse(plain) as { readonly status?: { readonly token?: unknown } };
    if (typeof status?.token === "string") return status.token;
  } catch {}
  throw new TokenUsageError("--signed takes what `aws eks get-token` prints on standard input");
}

/** The version of ExecCredential that kubectl says it reads (Kubernetes, "client-go credential plugins"). */
function apiVersion({ KUBERNETES_EXEC_INFO: info = "" }: TokenOptions["env"]): string {
  const version = /"apiVersion"\s*:\s*"(client\.authentication\.k8s\.io\/v1(?:beta1)?)"/.exec(info)?.[1];
  return version ?? "client.authentication.k8s.io/v1beta1";
}

/** What git tells credential helpers: `name=value` a line (gitcredentials(7)). */
function gitAttributes(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes("="));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
