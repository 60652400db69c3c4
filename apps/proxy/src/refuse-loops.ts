import { profileUsesProxy } from "./read-profile.ts";
import { UsageError } from "./usage-error.ts";

/** Refuses to sign with this proxy's own agent keys, or to send requests through this proxy again. Throws `UsageError` with the way out. */
export async function refuseLoops(options: {
  readonly configFile: string;
  /** The source profile. */
  readonly profile: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<void> {
  const { configFile, profile, port, env } = options;
  if (profile === "iam-agent-proxy" || (await profileUsesProxy(configFile, profile))) {
    throw new UsageError(
      `the profile ${profile} gets its credentials from iam-agent-proxy itself. Start the proxy where AWS_PROFILE (or --profile) names the real credentials; the agent's exports belong in the agent's terminal.`,
    );
  }
  for (const name of ["HTTPS_PROXY", "https_proxy"]) {
    if (port !== 0 && pointsHere(env[name], port)) {
      throw new UsageError(
        `${name} of this terminal is this proxy itself (port ${port}): it would send requests to itself. Unset it here; it belongs in the agent's terminal.`,
      );
    }
  }
}

function pointsHere(proxy: string | undefined, port: number): boolean {
  if (!proxy) return false;
  try {
    const url = new URL(proxy.includes("://") ? proxy : `http://${proxy}`);
    return /^(localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(url.hostname) && Number(url.port || 80) === port;
  } catch {
    return false;
  }
}
