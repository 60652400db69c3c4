import { lstat, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { awsSuffixes } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { ask, VendingError } from "@iap/cred-vendor";
import { profileUsesProxy, readProfile } from "../aws-config/read-profile.ts";
import type { Settings } from "../options.ts";
import { agentProfile } from "../run/agent-environment.ts";
import { isolate } from "../run/isolation.ts";
import { noProxy } from "../run/no-proxy.ts";
import { leftoverRuns, openRunDirectory } from "../run/run-directory.ts";
import type { Check } from "./check.ts";

export interface CheckSetupOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

const dayMs = 86_400_000;

/** Looks at what the proxy keeps on this machine: directory, authority, socket, port, profile, leftovers, isolation. */
export async function checkSetup(options: CheckSetupOptions): Promise<readonly Check[]> {
  const running = await runningProxy(options.settings.sock);
  return [
    await directory(options),
    await authority(options),
    await socket(options, running),
    await port(options, running),
    await profile(options, running),
    ...environment(options),
    await leftovers(options),
    await isolation(options),
  ];
}

function setup(name: string, status: Check["status"], message: string, fix?: string): Check {
  return { group: "setup", name, status, message, fix };
}

interface Running {
  readonly port: number;
  readonly pid: number;
  readonly mode: string;
  readonly version: string;
}

/** What the proxy at the socket says of itself; undefined when none answers; the error when it is no proxy of this version. */
async function runningProxy(socketPath: string): Promise<Running | VendingError | undefined> {
  try {
    return (await ask("status", {}, { socketPath, timeoutMs: 3000 })) as Running;
  } catch (error) {
    if (!(error instanceof VendingError)) throw error;
    return error.kind === "notRunning" ? undefined : error;
  }
}

async function directory({ settings: { dir } }: CheckSetupOptions): Promise<Check> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) return setup("directory", "ok", `${dir} is not there yet; the first start makes it`);
  if ((found.mode & 0o077) !== 0) {
    return setup("directory", "problem", `${dir} is open to other users`, `chmod 700 '${dir}'`);
  }
  for (const name of ["ca.key", "install.key"]) {
    const key = await stat(join(dir, name)).catch(() => undefined);
    if (key !== undefined && (key.mode & 0o077) !== 0) {
      const path = join(dir, name);
      return setup(
        "directory",
        "problem",
        `${path} can be read by other users`,
        `chmod 600 '${path}', and make it anew if others could log in`,
      );
    }
  }
  return setup("directory", "ok", `${dir}, yours alone`);
}

async function authority({ settings: { dir }, now }: CheckSetupOptions): Promise<Check> {
  if ((await stat(join(dir, "ca.pem")).catch(() => undefined)) === undefined) {
    return setup("CA", "ok", "not there yet; the first start makes it");
  }
  try {
    const loaded = await CertificateAuthority.load({ dir, permittedDnsSuffixes: awsSuffixes });
    const { notAfter, path } = loaded.describe();
    const days = Math.floor((notAfter.getTime() - now.getTime()) / dayMs);
    const day = notAfter.toISOString().slice(0, 10);
    return days < 30
      ? setup(
          "CA",
          "warning",
          `${path} expires on ${day}, in ${days} days`,
          `remove ${dir}/ca.pem and ca.key; the next start makes new ones, which clients must be given`,
        )
      : setup("CA", "ok", `${path}, good until ${day}`);
  } catch (error) {
    return setup("CA", "problem", (error as Error).message);
  }
}

async function socket(
  { settings: { sock } }: CheckSetupOptions,
  running: Running | VendingError | undefined,
): Promise<Check> {
  if (running instanceof VendingError)
    return setup("socket", "problem", running.message, "stop what serves it, and start the proxy again");
  if (running !== undefined) {
    const { pid, version, mode } = running;
    return setup("socket", "ok", `iam-agent-proxy ${version} (process ${pid}) serves ${sock}, in ${mode} mode`);
  }
  const there = await lstat(sock).catch(() => undefined);
  if (there === undefined) return setup("socket", "ok", "no shared proxy is running; `run` starts its own");
  return there.isSocket()
    ? setup(
        "socket",
        "warning",
        `${sock} was left behind by a proxy that is gone`,
        "nothing: the next start replaces it",
      )
    : setup("socket", "problem", `${sock} is there and is not a socket`, "move it away, or set PROXY_SOCK_PATH");
}

async function port({ settings }: CheckSetupOptions, running: Running | VendingError | undefined): Promise<Check> {
  const wanted = settings.port;
  if (running !== undefined && !(running instanceof VendingError)) {
    return setup("port", "ok", `${running.port}, of the running proxy`);
  }
  if (wanted === 0) return setup("port", "ok", "any free one");
  const taken = await isTaken(wanted);
  return taken
    ? setup(
        "port",
        "problem",
        `${wanted} is taken by another program`,
        "stop it, or choose another port with --port (0 takes a free one); `run` needs none",
      )
    : setup("port", "ok", `${wanted} is free`);
}

function isTaken(wanted: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(true));
    server.listen({ host: "127.0.0.1", port: wanted }, () => server.close(() => done(false)));
  });
}

async function profile(
  { settings, env }: CheckSetupOptions,
  running: Running | VendingError | undefined,
): Promise<Check> {
  const file = env.AWS_CONFIG_FILE || join(env.HOME || homedir(), ".aws", "config");
  const found = await readProfile(file, agentProfile);
  const serves = running !== undefined && !(running instanceof VendingError);
  if (found === undefined) {
    return serves
      ? setup(
          "profile",
          "problem",
          `${file} has no [profile ${agentProfile}] though the proxy runs`,
          "start the proxy again; another program may have rewritten the file",
        )
      : setup("profile", "ok", `no [profile ${agentProfile}] in ${file}; it is there while the proxy runs`);
  }
  if (!(await profileUsesProxy(file, agentProfile))) {
    return setup(
      "profile",
      "problem",
      `[profile ${agentProfile}] in ${file} is not the proxy's`,
      "rename or remove it",
    );
  }
  if (!serves) {
    return setup(
      "profile",
      "warning",
      `[profile ${agentProfile}] in ${file} was left behind by a proxy that is gone`,
      "nothing: the next start replaces it",
    );
  }
  return found.get("credential_process")?.includes(settings.sock)
    ? setup("profile", "ok", `[profile ${agentProfile}] in ${file}`)
    : setup("profile", "warning", `[profile ${agentProfile}] in ${file} is of a proxy with another socket`);
}

/** What this terminal has set that would get in the way of an agent in it. */
function environment({ env }: CheckSetupOptions): readonly Check[] {
  const checks: Check[] = [];
  const { dropped } = noProxy([env.NO_PROXY, env.no_proxy].filter(Boolean).join(","));
  if (dropped.length > 0) {
    checks.push(
      setup(
        "NO_PROXY",
        "warning",
        `it exempts ${dropped.join(", ")}, and so AWS: clients go past the proxy`,
        "unset it in the agent's terminal; `run` leaves that out",
      ),
    );
  }
  if (env.HTTPS_PROXY !== undefined && env.https_proxy !== undefined && env.HTTPS_PROXY !== env.https_proxy) {
    checks.push(
      setup(
        "HTTPS_PROXY",
        "warning",
        "HTTPS_PROXY and https_proxy differ: clients choose differently",
        "set both to the same",
      ),
    );
  }
  if (env.SSL_CERT_DIR && env.SSL_CERT_FILE) {
    checks.push(setup("SSL_CERT_DIR", "warning", "it makes curl ignore SSL_CERT_FILE", "unset SSL_CERT_DIR"));
  }
  return checks;
}

async function leftovers({ settings: { dir } }: CheckSetupOptions): Promise<Check> {
  const runs = await leftoverRuns(dir);
  return runs.length === 0
    ? setup("leftovers", "ok", "none")
    : setup(
        "leftovers",
        "warning",
        `${runs.length} of runs that did not end properly: ${runs.map(({ path }) => path).join(", ")}`,
        "nothing: the next run clears them away",
      );
}

async function isolation({ settings: { dir }, env }: CheckSetupOptions): Promise<Check> {
  if ((await stat(dir).catch(() => undefined)) === undefined) {
    return setup("isolation", "skipped", "looked at once the directory is there");
  }
  const runDir = await openRunDirectory(dir);
  try {
    const { tool } = await isolate({
      env,
      home: env.HOME || homedir(),
      proxyDir: dir,
      runDir: runDir.path,
      workingDirectory: "/usr",
      writable: [],
    });
    return setup("isolation", "ok", `run --isolate works here, by ${tool}`);
  } catch (error) {
    return setup("isolation", "warning", (error as Error).message);
  } finally {
    await runDir.remove();
  }
}
