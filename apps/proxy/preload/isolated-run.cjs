/*
 * The first program inside an isolated run: opens the run's proxy on loopback, where there is no other network, makes
 * sure that it is isolated, and runs the command. It has no dependency and is copied to where the command can see it.
 *
 *   node isolated-run.cjs '{"port":…,"socket":…,"hidden":[…]}' COMMAND ARGUMENT…
 *
 * Signals come by name, a line each, on file descriptor 3; when that ends, so does the command.
 */
"use strict";

const { spawn } = require("node:child_process");
const { readdirSync, readFileSync, statSync } = require("node:fs");
const { createConnection, createServer, Socket } = require("node:net");
const { constants, networkInterfaces } = require("node:os");

const [settings, file, ...args] = process.argv.slice(2);
const { port, socket: socketPath, hidden } = JSON.parse(settings);

// What a terminal sends goes to the whole group; the command decides what becomes of it.
for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

checkIsolation();
const door = createServer({ allowHalfOpen: true }, (client) => {
  const proxy = createConnection({ path: socketPath, allowHalfOpen: true });
  for (const [from, to] of [
    [client, proxy],
    [proxy, client],
  ]) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroySoon());
    from.pipe(to);
  }
});
door.once("error", (error) => fail(`the proxy's port ${port} cannot be opened inside: ${error.message}`));
door.listen({ host: "127.0.0.1", port }, () => {
  const child = spawn(file, args, { stdio: "inherit" });
  child.once("error", (error) => {
    process.stderr.write(`iam-agent-proxy: ${file} cannot be started: ${error.message}\n`);
    process.exit(error.code === "ENOENT" ? 127 : 126);
  });
  child.once("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  passSignals(child);
});

function passSignals(child) {
  let text = "";
  const lines = new Socket({ fd: 3, readable: true, writable: false });
  lines.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const name = text.slice(0, end);
      text = text.slice(end + 1);
      if (name in constants.signals) child.kill(name);
    }
  });
  // Whoever started this is gone, and with it the proxy.
  lines.on("end", () => child.kill("SIGKILL"));
  lines.on("error", () => child.kill("SIGKILL"));
}

/** Ends here, before the command starts, when anything of the outside is within reach. */
function checkIsolation() {
  const foreign = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (foreign.length > 0) fail(`there are network interfaces: ${foreign.join(", ")}`);
  for (const path of hidden) {
    const found = statSync(path, { throwIfNoEntry: false });
    const open = found?.isDirectory() ? readdirSync(path).length > 0 : found?.isFile() && found.size > 0;
    if (open) fail(`${path} can be read`);
  }
  const status = readFileSync("/proc/self/status", "latin1");
  if (!/^NoNewPrivs:\t1$/m.test(status) || !/^Seccomp:\t2$/m.test(status)) fail("its system calls are not filtered");
}

function fail(why) {
  process.stderr.write(`iam-agent-proxy: the command was not started, for it would not be isolated: ${why}\n`);
  process.exit(125);
}
