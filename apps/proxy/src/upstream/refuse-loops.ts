import { hostname, networkInterfaces } from "node:os";
import { profileUsesProxy } from "../aws-config/read-profile.ts";
import { UsageError } from "../usage-error.ts";
import { proxyUrl, proxyVariables } from "./upstream-proxy.ts";

/** Refuses to sign with this proxy's own agent keys. Throws `UsageError` with the way out. */
export async function refuseOwnCredentials(options: {
  readonly configFile: string;
  /** The source profile. */
  readonly profile: string;
}): Promise<void> {
  const { configFile, profile } = options;
  if (profile === "iam-agent-proxy" || (await profileUsesProxy(configFile, profile))) {
    throw new UsageError(
      `the profile ${profile} gets its credentials from iam-agent-proxy itself. Start the proxy where AWS_PROFILE (or --profile) names the real credentials; the agent's exports belong in the agent's terminal.`,
    );
  }
}

/**
 * Refuses to send requests through this proxy again, which listens on `hosts` at `port`: once the port is known, where
 * any free one is taken (0). Throws `UsageError` with the way out.
 */
export function refuseOwnProxy(options: {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}): void {
  const { hosts, port, env } = options;
  if (port === 0) return;
  for (const name of proxyVariables) {
    const url = proxyUrl((env[name] ?? "").trim());
    if (url === undefined || portOf(url) !== port || !isHere(url.hostname.replace(/^\[(.*)\]$/, "$1"), hosts)) continue;
    throw new UsageError(
      `${name} of this terminal is this proxy itself (port ${port}): it would send requests to itself. Unset it here; it belongs in the agent's terminal.`,
    );
  }
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

/** Whether a name or address reaches a listener on one of the hosts. */
function isHere(host: string, hosts: readonly string[]): boolean {
  const plain = host.toLowerCase().replace(/\.$/, "");
  if (/^(localhost|.+\.localhost|127(?:\.\d+){3}|::1|::ffff:7f[0-9a-f]{2}:[0-9a-f]+|0\.0\.0\.0|::)$/.test(plain))
    return true;
  if (hosts.some((listening) => listening.toLowerCase() === plain)) return true;
  if (!hosts.some((listening) => listening === "0.0.0.0" || listening === "::")) return false;
  return (
    plain === hostname().toLowerCase() ||
    Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === plain))
  );
}
