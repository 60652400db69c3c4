/**
 * squid and mitmproxy, as Debian packages them, where they are: neither verifies, decides, records or signs. They end TLS
 * with certificates of their own and pass on what the client has signed itself.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { endWithUs } from "./end-with-us.mjs";
import { host } from "./signed-request.mjs";

const patienceMs = 20_000;
/** Where the packages are unpacked: the system, unless told otherwise. */
const root = process.env.IAP_PEERS_ROOT ?? "/";
const python = "/usr/bin/python3";
const mitmproxyMain = "from mitmproxy.tools.main import mitmdump; mitmdump()";

/** By name: why it cannot be measured here, if it cannot, and what starts it. */
export const debianPeers = {
  squid: { missing: squidMissing, start: startSquid },
  mitmproxy: { missing: mitmproxyMissing, start: startMitmproxy },
};

/**
 * A proxy that runs, for the load generator: its clients ask for the upstream's own port.
 * @typedef {object} Peer
 * @property {number} pid
 * @property {number} port
 * @property {string} ca Whom its clients trust, PEM.
 */

function squidMissing() {
  if (!existsSync(join(root, "usr/lib/squid/security_file_certgen"))) return "Debian's squid-openssl is not installed";
  try {
    run("openssl", ["version"]);
    return undefined;
  } catch {
    return "there is no openssl to make its certificate authority with";
  }
}

function mitmproxyMissing() {
  try {
    run(python, ["-c", "import mitmproxy.tools.main"]);
    return undefined;
  } catch {
    return "Debian's mitmproxy is not installed";
  }
}

/** @returns {Promise<Peer & AsyncDisposable>} */
async function startSquid({ upstreamCa }) {
  // It gives up being root, and then cannot reach what is root's.
  const home = mkdtempSync(join(tmpdir(), "iap-squid-"));
  chmodSync(home, 0o777);
  const service = `iap${process.pid}`;
  const [cert, key, caFile, hosts, database, log, config] = [
    ...["ca.pem", "ca.key", "upstream.pem", "hosts", "certificates", "cache.log", "squid.conf"],
  ].map((name) => join(home, name));
  const subject = ["-subj", "/CN=squid", "-addext", "basicConstraints=critical,CA:TRUE"];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  run("openssl", ["req", "-x509", ...newKey, "-days", "2", ...subject, "-keyout", key, "-out", cert]);
  chmodSync(key, 0o644);
  writeFileSync(caFile, upstreamCa);
  writeFileSync(hosts, `127.0.0.1 localhost ${host}\n`);
  const certgen = join(root, "usr/lib/squid/security_file_certgen");
  run(certgen, ["-c", "-s", database, "-M", "4MB"]);
  for (const file of ["", "/certs", "/index.txt", "/size"]) chmodSync(`${database}${file}`, 0o777);
  const port = await freePort();
  writeFileSync(
    config,
    `http_port 127.0.0.1:${port} ssl-bump tls-cert=${cert} tls-key=${key} generate-host-certificates=on
sslcrtd_program ${certgen} -s ${database} -M 4MB
sslcrtd_children 5
unlinkd_program ${join(root, "usr/lib/squid/unlinkd")}
logfile_daemon ${join(root, "usr/lib/squid/log_file_daemon")}
ssl_bump bump all
tls_outgoing_options cafile=${caFile}
hosts_file ${hosts}
http_access allow all
cache deny all
access_log none
cache_log ${log}
pid_filename none
coredump_dir ${home}
mime_table ${join(root, "usr/share/squid/mime.conf")}
icon_directory ${join(root, "usr/share/squid/icons")}
error_directory ${join(root, "usr/share/squid-langpack/en")}
visible_hostname bench
pinger_enable off
shutdown_lifetime 0 seconds
cache_effective_user nobody
`,
  );
  const child = launch(join(root, "usr/sbin/squid"), ["-N", "-n", service, "-f", config]);
  const stopped = () => {
    rmSync(home, { recursive: true, force: true });
    // What it shares between its processes outlives it when it is killed.
    for (const name of existsSync("/dev/shm") ? readdirSync("/dev/shm") : []) {
      if (name.startsWith(`${service}-`)) rmSync(join("/dev/shm", name), { force: true });
    }
  };
  return started(child, {
    port,
    stopped,
    ca: () => readFileSync(cert, "utf8"),
    why: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  });
}

/** @returns {Promise<Peer & AsyncDisposable>} */
async function startMitmproxy({ dir, upstreamPort, upstreamCa }) {
  const home = join(dir, "mitmproxy");
  mkdirSync(home);
  const [caFile, addon] = [join(home, "upstream.pem"), join(home, "to_upstream.py")];
  writeFileSync(caFile, upstreamCa);
  writeFileSync(addon, `def server_connect(data):\n    data.server.address = ("127.0.0.1", ${upstreamPort})\n`);
  const port = await freePort();
  const options = [
    ...["connection_strategy=lazy", "http2=false", `confdir=${home}`, `ssl_verify_upstream_trusted_ca=${caFile}`],
  ].flatMap((option) => ["--set", option]);
  const listen = ["--listen-host", "127.0.0.1", "--listen-port", String(port)];
  const child = launch(python, ["-c", mitmproxyMain, "--quiet", ...listen, ...options, "--scripts", addon]);
  const ca = () => readFileSync(join(home, "mitmproxy-ca-cert.pem"), "utf8");
  return started(child, { port, ca, why: () => "" });
}

function run(file, args) {
  return execFileSync(file, args, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
}

/** Packages that are not installed but unpacked find each other by these. */
function environment() {
  if (root === "/") return process.env;
  const before = (path, value) => (value === undefined ? path : path + delimiter + value);
  return {
    ...process.env,
    LD_LIBRARY_PATH: before(join(root, "usr/lib/x86_64-linux-gnu"), process.env.LD_LIBRARY_PATH),
    PYTHONPATH: before(join(root, "usr/lib/python3/dist-packages"), process.env.PYTHONPATH),
  };
}

function launch(file, args) {
  const child = spawn(file, args, { env: environment(), stdio: ["ignore", "ignore", "pipe"] });
  endWithUs(child);
  return child;
}

async function started(child, { port, ca, why, stopped = () => {} }) {
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr = (stderr + data).slice(-2000);
  });
  child.on("error", (error) => {
    stderr += error.message;
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    stopped();
  };
  for (let waited = 0; !(await answers(port)); waited += 50) {
    if (child.exitCode !== null || child.pid === undefined || waited > patienceMs) {
      const because = stderr + why().slice(-1000);
      await stop();
      throw new Error(`it does not listen: ${because}`);
    }
    await setTimeout(50);
  }
  return { pid: child.pid, port, ca: ca(), [Symbol.asyncDispose]: stop };
}

async function answers(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
