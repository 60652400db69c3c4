import { join } from "node:path";
import type { Credentials } from "@iap/aws-core";
import { readSettings } from "../options.ts";
import { type RunningProxy, startProxy } from "../proxy.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { region } from "./agent-calls.ts";

export interface DemoProxyOptions {
  /** The demo's directory: the proxy's own is in it, and so is what stands for `~/.aws/config`. */
  readonly dir: string;
  /** Enforced when there is one; else everything is recorded. */
  readonly policyFile?: string | undefined;
  /** The fake AWS. */
  readonly upstream: { readonly port: number; readonly ca: string };
  readonly credentials: Credentials;
  readonly terminal: Terminal;
  readonly version: string;
}

export interface DemoProxy extends Pick<RunningProxy, "port" | "close"> {
  readonly socketPath: string;
  readonly caPath: string;
  readonly activityFile: string;
}

/** Starts the proxy as `start` does, with nothing of the user's: settings, environment and credentials are those given. */
export async function startDemoProxy(options: DemoProxyOptions): Promise<DemoProxy> {
  const { dir, policyFile, upstream, credentials, terminal, version } = options;
  const { accessKeyId, secretAccessKey } = credentials;
  const settings = readSettings(
    {
      host: ["127.0.0.1"],
      port: 0,
      dir: join(dir, "proxy"),
      region,
      tunnel: "deny",
      "upstream-map": [`*.amazonaws.com=127.0.0.1:${upstream.port}`],
      "upstream-ca": upstream.ca,
      ...(policyFile === undefined ? {} : { mode: "enforce", policy: [policyFile] }),
    },
    {},
  );
  const proxy = await startProxy({
    settings,
    env: { HOME: dir, AWS_CONFIG_FILE: join(dir, "aws-config") },
    provider: async () => ({ accessKeyId, secretAccessKey }),
    terminal,
    version,
  });
  return {
    port: proxy.port,
    close: (options) => proxy.close(options),
    socketPath: settings.sock,
    caPath: join(settings.dir, "ca.pem"),
    activityFile: join(settings.dir, "activity.jsonl"),
  };
}
