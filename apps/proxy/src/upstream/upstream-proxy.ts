import { UpstreamProxy } from "@iap/interceptor";
import { UsageError } from "../usage-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy between this one and the world, as the environment names it. */
export interface CorporateProxy {
  readonly proxy: UpstreamProxy;
  /** The variable that names it. */
  readonly variable: string;
  /** The proxy for a destination; undefined where NO_PROXY says to go directly. */
  readonly of: (host: string, port: number) => UpstreamProxy | undefined;
}

/** The variables that can name it, the first that is set wins; set to nothing it means none. */
export const proxyVariables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] as const;

/**
 * Reads the upstream proxy from the environment. Throws `UsageError`, which never shows the value (it may hold a
 * password), when it is not one that can be used: to go another way than told would be wrong.
 */
export function readUpstreamProxy(env: Environment): CorporateProxy | undefined {
  const variable = proxyVariables.find((name) => env[name] !== undefined);
  const text = variable === undefined ? "" : (env[variable] as string).trim();
  if (variable === undefined || text === "") return undefined;
  const proxy = parseProxy(text, variable);
  const exempt = parseNoProxy(env.no_proxy ?? env.NO_PROXY ?? "");
  return { proxy, variable, of: (host, port) => (exempt(host, port) ? undefined : proxy) };
}

function parseProxy(text: string, variable: string): UpstreamProxy {
  const wrong = (why: string): never => {
    throw new UsageError(
      `${variable} of this terminal ${why}: it takes http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before the host where the proxy asks for them (special characters percent-encoded). Mend it, or unset it to go without a proxy.`,
    );
  };
  const url = proxyUrl(text);
  if (url === undefined) return wrong("is not the address of a proxy");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return wrong(`names a ${url.protocol.slice(0, -1)} proxy, which is not spoken here`);
  }
  // What follows a host is most likely the rest of a password.
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "")
    return wrong("has more than a host and a port");
  const user = decode(url.username);
  const password = decode(url.password);
  if (user === undefined || password === undefined) return wrong("has a user or password that does not decode");
  if (user.includes(":")) return wrong("has a user name with a colon, which Basic authentication cannot carry");
  const secure = url.protocol === "https:";
  return new UpstreamProxy({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || (secure ? 443 : 80)),
    secure,
    ...(user === "" && password === "" ? {} : { user, password }),
  });
}

/** The address of a proxy, `http://` where it has no scheme; undefined when it is none. */
export function proxyUrl(text: string): URL | undefined {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
    return url.hostname === "" ? undefined : url;
  } catch {
    return undefined;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Which destinations NO_PROXY exempts. Entries stand between commas or spaces: `*`; a name, which stands for itself and
 * all below it; `.name` or `*.name`, for all below it; each with `:port` for that port alone. Addresses and networks
 * match nothing, for destinations are names.
 */
export function parseNoProxy(text: string): (host: string, port: number) => boolean {
  const rules = text
    .toLowerCase()
    .split(/[\s,]+/)
    .map((entry) => /^(\*$|(?:\*?\.)?)([a-z0-9_.-]*?)\.?(?::(\d+))?$/.exec(entry))
    .filter((match) => match !== null)
    .map(([, front = "", name = "", port]) => ({ front, name, port: port === undefined ? undefined : Number(port) }))
    .filter(({ front, name }) => front === "*" || name !== "");
  return (host, port) => {
    const plain = host.toLowerCase().replace(/\.$/, "");
    return rules.some(
      (rule) =>
        (rule.port === undefined || rule.port === port) &&
        (rule.front === "*" || (rule.front === "" && plain === rule.name) || plain.endsWith(`.${rule.name}`)),
    );
  };
}
