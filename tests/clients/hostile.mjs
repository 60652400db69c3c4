/**
 * A command that tries to get past its isolation in every way it knows.
 *
 *   node hostile.mjs HOME OUTSIDE_PORT SECRET
 *
 * Once it is about to look for what changes outside it writes "ready" to the working directory, and waits for "changed".
 *
 * prints one JSON object: what it tried, and `failed: why` or what it got.
 */
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";

const [home, outsidePort, secret] = process.argv.slice(2);
const proxy = new URL(process.env.HTTPS_PROXY);

const attempts = {
  "TCP to an address of the internet": () => tcp("1.1.1.1", 443),
  "TCP to this machine's other loopback ports": () => tcp("127.0.0.1", Number(outsidePort)),
  "TCP to the metadata service": () => tcp("169.254.169.254", 80),
  "TCP to the container credentials service": () => tcp("169.254.170.2", 80),
  "IPv6 to the metadata service": () => tcp("fd00:ec2::254", 80),
  "UDP to a name server": () => udp("8.8.8.8", 53),
  "a name looked up": () => lookup("example.com"),
  "HTTP to the metadata service through the proxy": () => through("GET", "http://169.254.169.254/latest/meta-data/"),
  "a tunnel to a host that is not AWS": () => through("CONNECT", "example.com:443"),
  "a tunnel to an IP address": () => through("CONNECT", "169.254.169.254:80"),
  "a tunnel to this machine": () => through("CONNECT", `localhost:${outsidePort}`),
  "the shared credentials file": () => content(`${home}/.aws/credentials`),
  "the file the credentials link to": () => content(`${home}/dotfiles/credentials`),
  "the AWS configuration": () => content(`${home}/.aws/config`),
  "the SSO cache": () => content(`${home}/.aws/sso/cache/token.json`),
  "the proxy's CA key": () => content(`${home}/.iam-agent-proxy/ca.key`),
  "the proxy's install key": () => content(`${home}/.iam-agent-proxy/install.key`),
  "the proxy's activity log": () => content(`${home}/.iam-agent-proxy/activity.jsonl`),
  "the secret in another process's environment": () => {
    const found = pids()
      .filter((pid) => pid !== String(process.pid))
      .filter((pid) => /AWS_SECRET_ACCESS_KEY=/.test(readSafely(`/proc/${pid}/environ`)));
    if (found.length === 0) throw new Error("no process has it");
    return found.join(" ");
  },
  "a signal to another process": () => {
    // The tests' own runner, by the number it has outside.
    const outer = 2 ** 21;
    process.kill(outer, 0);
  },
  "a socket of another program in the home directory": () => unix(`${home}/.agent/agent.sock`),
  "a socket of another program in the working directory": () => unix("in.sock"),
  "an abstract socket": () => perl("socket(S, 1, 1, 0) && connect(S, pack('S a*', 1, qq(\\0iap-hostile)))"),
  "a virtual socket to the machine's host": () => perl("socket(S, 40, 1, 0)"),
  "packets of any kind": () => perl("socket(S, 17, 3, 0)"),
  "io_uring, which no filter sees": () => {
    const [status] = [perlStatus("my $p = chr(0) x 120; exit(syscall(425, 1, $p) < 0 ? $!+0 : 0)")];
    if (status !== 0) throw new Error(`errno ${status}`);
  },
  "characters typed into the terminal": () => {
    const status = perlStatus("my $c = 'x'; exit(ioctl(STDIN, 0x5412, $c) ? 0 : $!+0)");
    // Not that there is no terminal (ENOTTY), which is no answer.
    if (status === 1) throw new Error("EPERM");
    return `errno ${status}`;
  },
  "the kernel's keyrings": () => perl(`syscall(${process.arch === "x64" ? 250 : 219}, 0, -3, 0, 0, 0) >= 0`),
  "a descriptor that was open outside": () => {
    const open = readdirSync("/proc/self/fd").filter((fd) => Number(fd) > 60);
    if (open.length === 0) throw new Error("none");
    return open.join(" ");
  },
  "credentials that are replaced, or come to be, while it runs": async () => {
    writeFileSync("ready", "");
    for (let waited = 0; !existsSync("changed"); waited++) {
      if (waited > 200) return "nothing changed";
      await new Promise((done) => setTimeout(done, 50));
    }
    const seen = [".netrc", ".ssh/id", ".config/gh/hosts.yml"].filter((path) =>
      readSafely(`${home}/${path}`).includes(secret),
    );
    if (seen.length === 0) throw new Error("none of them is seen");
    return seen.join(" ");
  },
  "a startup file in the home directory": () => writeFileSync(`${home}/.bashrc`, "echo hostile"),
  "the files of its own run": () => writeFileSync(`${dirname(process.env.PROXY_SOCK_PATH)}/aws-config`, "x"),
  "mounts taken away": () =>
    shell(`umount -l ${home}/.aws || umount -l /tmp || umount -l ${home}/dotfiles/credentials`),
  "a namespace of its own to see more": () =>
    shell(
      `unshare --user --map-root-user --mount sh -c 'umount -l ${home}/.aws; umount -l /tmp; cat ${home}/.aws/credentials' | grep ${secret}`,
    ),
  "processes seen": () => String(pids().length),
  interfaces: () => Object.keys(networkInterfaces()).join(" "),
  "a file in the working directory": () => {
    writeFileSync("left.txt", "left");
    return "done";
  },
};

const results = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    results[name] = String((await attempt()) ?? "done");
  } catch (error) {
    results[name] = `failed: ${error.code ?? ""} ${error.message}`;
  }
}
process.stdout.write(`${JSON.stringify(results)}\n`);
process.exit(0);

function tcp(host, port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(3000, () => socket.destroy(new Error("timed out")));
    socket.once("connect", () => resolve("connected"));
    socket.once("error", reject);
  });
}

function unix(path) {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve("connected"));
    socket.once("error", reject);
  });
}

/** What Node has no call for. */
function perl(expression) {
  const status = perlStatus(`exit((${expression}) ? 0 : $!+0)`);
  if (status !== 0) throw new Error(`errno ${status}`);
}

function perlStatus(program) {
  const { status, error } = spawnSync("perl", ["-e", program], { stdio: ["inherit", "pipe", "pipe"] });
  if (error) throw error;
  return status;
}

function udp(host, port) {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const query = Buffer.from("0001010000010000000000000765786d61706c6503636f6d0000010001", "hex");
    socket.once("error", reject);
    socket.once("message", () => resolve("answered"));
    socket.send(query, port, host, (error) => error && reject(error));
    setTimeout(() => reject(new Error("timed out")), 3000);
  });
}

function through(method, target) {
  const authorization = `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64")}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname,
      port: proxy.port,
      method,
      path: target,
      headers: { Host: "x", "Proxy-Authorization": authorization },
    });
    const answered = ({ statusCode }) =>
      statusCode === 200 ? resolve("200") : reject(new Error(`the proxy answered ${statusCode}`));
    asked.once("connect", answered);
    asked.once("response", answered);
    asked.once("error", reject);
    asked.end();
  });
}

function content(path) {
  const text = readFileSync(path, "utf8");
  if (text === "") throw new Error("it is empty");
  return text;
}

function pids() {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function readSafely(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function shell(script) {
  const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim().split("\n")[0] || `status ${status}`);
}
