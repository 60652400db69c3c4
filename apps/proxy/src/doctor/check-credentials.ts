import { homedir } from "node:os";
import { join } from "node:path";
import { AwsError, type Credentials, headerValue } from "@iap/aws-core";
import { Interceptor } from "@iap/interceptor";
import { clientRegion } from "../aws-config/read-profile.ts";
import type { Settings } from "../options.ts";
import { sdkProvider } from "../proxy.ts";
import { agentProfile } from "../run/agent-environment.ts";
import { readUpstreamCa } from "../serving.ts";
import { UpstreamIdentity } from "../upstream/identity.ts";
import { noCredentials } from "../upstream/no-credentials.ts";
import { refuseOwnCredentials } from "../upstream/refuse-loops.ts";
import { UpstreamCredentials } from "../upstream/upstream-credentials.ts";
import { parseUpstreamMap } from "../upstream/upstream-map.ts";
import { readUpstreamProxy } from "../upstream/upstream-proxy.ts";
import type { Check } from "./check.ts";

export interface CheckCredentialsOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
}

const minuteMs = 60_000;

/** Gets the real credentials as the proxy would, and asks STS whose they are and what time it is. */
export async function checkCredentials({ settings, env, now }: CheckCredentialsOptions): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const add = (name: string, status: Check["status"], message: string, fix?: string): void => {
    checks.push({ group: "credentials", name, status, message, fix });
  };
  const configFile = env.AWS_CONFIG_FILE || join(env.HOME || homedir(), ".aws", "config");
  const source = settings.profile ?? "default";
  if (source === agentProfile) {
    add("source", "skipped", "AWS_PROFILE is the agent's here; they are looked at in the terminal of the proxy");
    return checks;
  }
  try {
    await refuseOwnCredentials({ configFile, profile: source });
  } catch (error) {
    add("source", "problem", (error as Error).message);
    return checks;
  }
  const interceptor = new Interceptor({
    tunnel: "deny",
    connectAddress: parseUpstreamMap(settings.upstreamMap),
    upstreamProxy: readUpstreamProxy(env)?.of,
    ca: await readUpstreamCa(settings.upstreamCa),
    secureContext: () => Promise.reject(new Error("it does not listen")),
    handle: () => Promise.resolve(),
  });
  try {
    let failure: Error | undefined;
    const upstreams = new UpstreamCredentials({
      provider: await sdkProvider(settings.profile, () => interceptor.agent),
      now,
      onUnavailable: (error) => {
        failure = error;
      },
    });
    let credentials: Credentials;
    try {
      credentials = await upstreams.credentials("default");
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      add("source", "problem", await noCredentials(failure ?? error, { profile: settings.profile, env }));
      return checks;
    }
    add(
      "source",
      "ok",
      `access key ${credentials.accessKeyId} of ${settings.profile === undefined ? "the default credential chain" : `profile ${settings.profile}`}`,
    );

    const { expiration } = credentials;
    if (expiration === undefined) {
      add(
        "expiry",
        credentials.sessionToken === undefined ? "warning" : "ok",
        credentials.sessionToken === undefined
          ? "they never expire: long-term keys"
          : "it is not told when they expire",
        credentials.sessionToken === undefined
          ? "use short-lived ones where you can: IAM Identity Center, or a role"
          : undefined,
      );
    } else {
      const minutes = Math.floor((expiration.getTime() - now().getTime()) / minuteMs);
      add("expiry", minutes < 15 ? "warning" : "ok", `in ${minutes} minutes; the proxy gets new ones ahead of that`);
    }

    let date: string | undefined;
    let sentAt = 0;
    let unknown: Error | undefined;
    const identity = new UpstreamIdentity({
      account: undefined,
      principalArn: undefined,
      region: await clientRegion(settings.region, env, { file: configFile, profile: source }),
      fetch: async (head) => {
        const result = await interceptor.fetch(head);
        sentAt = now().getTime();
        date = headerValue(result.head.headers, "date");
        return result;
      },
      now,
      onUnknown: (error) => {
        unknown = error;
      },
    });
    await identity.learn(credentials);
    const { principalArn } = identity.current(credentials);
    if (principalArn === undefined) {
      add(
        "identity",
        "problem",
        `AWS does not say whose they are: ${unknown?.message ?? "no answer"}`,
        "log in again, or look at the way to AWS (HTTPS_PROXY, firewall)",
      );
    } else if (/:root$/.test(principalArn)) {
      add(
        "identity",
        "problem",
        `${principalArn}: the root user, whom no policy holds`,
        "use a role or a user, never the root user's keys",
      );
    } else add("identity", "ok", principalArn);

    const theirs = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs)) add("clock", "skipped", "AWS was not reached");
    else {
      const seconds = Math.round((sentAt - theirs) / 1000);
      const off = Math.abs(seconds);
      const message = `${off} s ${seconds < 0 ? "behind" : "ahead of"} AWS`;
      const fix = "set this machine's clock (timedatectl set-ntp true); AWS refuses what is more than 5 minutes off";
      if (off >= 300) add("clock", "problem", message, fix);
      else if (off >= 60) add("clock", "warning", message, fix);
      else add("clock", "ok", `as AWS's, within ${Math.max(off, 1)} s`);
    }
    return checks;
  } finally {
    await interceptor.close({ graceMs: 0 });
  }
}
