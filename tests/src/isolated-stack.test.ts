import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import { atEnd } from "./clean-up.ts";
import { findClient } from "./client.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess, proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const stack = (name: string): string => fileURLToPath(new URL(`../integration/${name}`, import.meta.url));
const text = (name: string): string => readFileSync(stack(name), "utf8");
const yaml = await findClient("Python's YAML reader", "python3", ["-c", "import yaml; print(yaml.__version__)"]);
const cli = await findClient("the AWS CLI");
const namespaces = whyNoNamespaces();

interface Service {
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly build?: { readonly dockerfile: string };
}

describe("the Docker stack (checked, not run: there is no Docker engine here)", () => {
  const compose = (): {
    readonly services: Readonly<Record<string, Service>>;
    readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  } => {
    const program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    const { stdout } = spawnSync("python3", ["-c", program, stack("compose.yaml")], { encoding: "utf8" });
    return JSON.parse(stdout);
  };

  test.skipIf(yaml.skip)("the agent has one network, which leads nowhere, and one volume, read-only", () => {
    const { services, networks } = compose();
    expect(services.agent?.networks).toEqual(["agent"]);
    expect(networks.agent).toEqual({ internal: true });
    expect(services.agent?.volumes).toEqual(["share:/run/iam-agent-proxy:ro"]);
    expect(services.agent?.cap_drop).toEqual(["ALL"]);
    for (const service of Object.values(services)) {
      expect(service.privileged).toBeUndefined();
      expect(service.network_mode).toBeUndefined();
    }
  });

  test.skipIf(yaml.skip)("every network, volume and Dockerfile that is named is there", () => {
    const { services, networks, volumes } = compose();
    for (const { networks: used = [], volumes: mounts = [], build } of Object.values(services)) {
      for (const name of used) expect(Object.keys(networks)).toContain(name);
      for (const mount of mounts) {
        const [source = ""] = mount.split(":");
        if (!source.startsWith("$")) expect(Object.keys(volumes)).toContain(source);
      }
      if (build !== undefined) text(build.dockerfile.replace("tests/integration/", ""));
    }
  });

  test.each(["proxy.Dockerfile", "agent.Dockerfile"])(
    "%s: known instructions, an own user, files that are there",
    (name) => {
      const lines = text(name).replace(/\\\n/g, " ").split("\n");
      const instructions = lines.filter((line) => line !== "" && !line.startsWith("#"));
      for (const line of instructions) {
        expect(line).toMatch(/^(FROM|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|ENTRYPOINT|CMD) \S/);
        const [, source] = /^COPY (?:--chmod=\d+ )?(tests\/integration\/\S+) /.exec(line) ?? [];
        if (source !== undefined) text(source.replace("tests/integration/", ""));
      }
      expect(instructions.filter((line) => line.startsWith("USER"))).toEqual(["USER node"]);
      expect(instructions.join("\n")).not.toMatch(/AWS_(SECRET|SESSION|ACCESS)/);
    },
  );

  test("the entry point is a POSIX shell script without a fault of syntax", () => {
    expect(spawnSync("sh", ["-n", stack("proxy-entrypoint.sh")], { encoding: "utf8" }).stderr).toBe("");
  });
});

describe.skipIf(targetKind === "direct")("the proxy's entry point", () => {
  test("starts the proxy and shares what the agent needs, below a volume that is not its own", async () => {
    const credentials = sessionCredentials();
    const fake = await FakeAws.start({ credentials });
    const home = tempDir("entrypoint");
    const volume = join(home, "volume");
    mkdirSync(volume);
    chmodSync(volume, 0o777);
    writeFileSync(join(home, "ca.pem"), fake.ca.certificate);
    writeFileSync(join(home, "aws-config"), "[default]\nregion = us-east-1\n");
    const script = text("proxy-entrypoint.sh")
      .replaceAll("/app/dist/main.js", proxyBin)
      .replace("/etc/iam-agent-proxy/aws-config", join(home, "aws-config"));
    const child = spawn("sh", ["-c", script, "proxy-entrypoint", "--port", "0"], {
      env: {
        ...scrubbedEnv(home),
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
        AWS_PROFILE: "",
        AWS_CONFIG_FILE: join(home, "proxy-aws-config"),
        PROXY_DIR: join(volume, "own"),
        PROXY_SOCK_PATH: join(volume, "agent", "creds.sock"),
        PROXY_HOST: "127.0.0.1",
        PROXY_UPSTREAM_MAP: `*.amazonaws.com=127.0.0.1:${fake.port}`,
        PROXY_UPSTREAM_CA: join(home, "ca.pem"),
      },
      stdio: "inherit",
    });
    atEnd(() => child.kill("SIGTERM"));
    const share = join(volume, "agent");
    await expect
      .poll(() => ["ca-bundle.pem", "ca.pem", "node-proxy.cjs"].filter((name) => existsSync(join(share, name))), {
        timeout: 30_000,
      })
      .toEqual(["ca-bundle.pem", "ca.pem", "node-proxy.cjs"]);
    expect(statSync(share).mode & 0o777).toBe(0o700);
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
    expect(existsSync(join(share, "creds.sock"))).toBe(false);
    await fake.close();
  });
});

if (namespaces !== undefined) test.skip(`the stack in network namespaces: ${namespaces}`, () => {});

describe.skipIf(namespaces !== undefined || targetKind === "direct" || cli.skip)(
  "the stack in network namespaces",
  () => {
    const credentials = sessionCredentials();
    const id = `iap${process.pid % 100_000}`;
    const subnet = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) % 250}`;
    let fake: FakeAws;
    let proxy: ProxyProcess;
    let home: string;
    let brokerSocket: string;
    let broker: ChildProcess;

    beforeAll(async () => {
      home = mkdtempSync(join(userInfo().homedir, ".iap-"));
      atEnd(() => rmSync(home, { recursive: true, force: true }));
      fake = await FakeAws.start({ credentials });
      const brokerDir = join(home, "broker");
      mkdirSync(brokerDir, { mode: 0o700 });
      brokerSocket = join(brokerDir, "s");
      broker = spawn(process.execPath, [stack("broker.mjs"), "serve", brokerSocket], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      atEnd(() => broker.kill("SIGKILL"));
      broker.stdin?.end(JSON.stringify(credentials));
      await once(broker.stdout as NodeJS.ReadableStream, "data");
      mkdirSync(join(home, ".aws"));
      const command = `${process.execPath} ${stack("broker.mjs")} export ${brokerSocket}`;
      writeFileSync(
        join(home, ".aws", "config"),
        `[profile broker]\ncredential_process = ${command}\nregion = us-east-1\n`,
      );

      // The agent's namespace: one link, no default route, no name server.
      for (const line of [
        `netns add ${id}`,
        `link add ${id}h type veth peer name ${id}a`,
        `link set ${id}a netns ${id}`,
        `addr add ${subnet}.1/30 dev ${id}h`,
        `link set ${id}h up`,
        `-n ${id} addr add ${subnet}.2/30 dev ${id}a`,
        `-n ${id} link set ${id}a up`,
        `-n ${id} link set lo up`,
      ]) {
        ip(line);
      }
      atEnd(() => spawnSync("ip", ["netns", "del", id]));
      mkdirSync(`/etc/netns/${id}`, { recursive: true });
      writeFileSync(`/etc/netns/${id}/resolv.conf`, "");
      atEnd(() => rmSync(`/etc/netns/${id}`, { recursive: true, force: true }));

      proxy = await ProxyProcess.start(fake, {
        credentials: undefined,
        home,
        args: ["--host", `${subnet}.1`, "--tunnel", "deny"],
        env: { AWS_PROFILE: "broker" },
      });
    });
    afterAll(async () => {
      await proxy?.stop();
      broker?.kill();
    });

    /** Runs a script as the agent: in its network, without sight of the broker, the proxy's directory and ~/.aws. */
    function asAgent(script: string): Promise<Exited> {
      const share = join(home, "share");
      const view = [
        "set -e",
        `mkdir -p ${share}/keep; mount -t tmpfs tmpfs ${share}`,
        `cp ${proxy.dir}/ca-bundle.pem ${share}/`,
        `touch ${share}/creds.sock; mount --bind ${proxy.dir}/creds.sock ${share}/creds.sock`,
        `for hidden in ${join(home, "broker")} ${join(home, ".aws")} ${proxy.dir}; do mount -t tmpfs tmpfs "$hidden"; done`,
        `printf '%s\\n' '[profile iam-agent-proxy]' 'credential_process = ${process.execPath} ${proxyCreds} --sock ${share}/creds.sock' 'region = us-east-1' >${share}/config`,
        'exec sh -c "$0"',
      ].join("\n");
      return run(
        "ip",
        ["netns", "exec", id, "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", view, script],
        {
          env: {
            ...scrubbedEnv(home),
            HTTPS_PROXY: `http://${subnet}.1:${proxy.port}`,
            AWS_CONFIG_FILE: `${share}/config`,
            AWS_CA_BUNDLE: `${share}/ca-bundle.pem`,
            AWS_PROFILE: "iam-agent-proxy",
            AWS_EC2_METADATA_DISABLED: "true",
          },
        },
      );
    }

    test("the agent works, and AWS sees the broker's credentials", async () => {
      const { code, stdout, stderr } = await asAgent("aws sts get-caller-identity");
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ Account: fake.account });
      expect(fake.problems).toEqual([]);
      expect(fake.operations).toContain("sts:GetCallerIdentity");
    });

    test.each([
      ["an address of the internet", "curl -sS -m 3 --noproxy '*' https://1.1.1.1/"],
      ["the metadata service", "curl -sS -m 3 --noproxy '*' http://169.254.169.254/latest/meta-data/"],
      ["the metadata service through the proxy", `curl -sS -f -m 3 -x "$HTTPS_PROXY" http://169.254.169.254/`],
      ["a name", "getent hosts example.com"],
      ["AWS itself", "curl -sS -m 3 --noproxy '*' https://sts.us-east-1.amazonaws.com/"],
      ["a tunnel to another host", "curl -sS -m 3 https://example.com/"],
    ])("the agent does not reach %s", async (_what, script) => {
      expect((await asAgent(script)).code).not.toBe(0);
    });

    test("the agent has no sight of the broker, the real credentials or the proxy's keys", async () => {
      const script = `ls -A ${join(home, "broker")} ${join(home, ".aws")} ${proxy.dir} | grep -v : | tr -d '\\n'; cat /proc/[0-9]*/environ | grep -c ${credentials.secretAccessKey}`;
      expect((await asAgent(script)).stdout.trim()).toBe("0");
    });
  },
);

const proxyCreds = fileURLToPath(new URL("../../apps/proxy-creds/dist/main.js", import.meta.url));

function ip(line: string): void {
  const { status, stderr } = spawnSync("ip", line.split(" "), { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${line}: ${stderr}`);
}

/** Why network namespaces cannot be made here; undefined when they can. */
function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return `they are Linux's, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "they need root";
  const name = `iap-probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (made.status !== 0) return `ip netns: ${made.stderr?.trim() || made.error?.message}`;
  spawnSync("ip", ["netns", "del", name]);
  return undefined;
}
