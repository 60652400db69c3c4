import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { withCleanup } from "../cleanup-stack.mjs";
import { Product } from "../product.mjs";
import { row } from "../row.mjs";
import { proxyBin, proxyCredsBin } from "../workspace.mjs";

const seconds = (n) => `${n.toFixed(2)} s`;
const ms = (n) => `${n.toFixed(0)} ms`;

/** How long the programs take to be there: the proxy until it listens, the others until they have ended. */
export async function startup(context) {
  const { quick, dir, upstream, say } = context;
  const [starts, runs] = quick ? [3, 4] : [5, 10];
  const home = mkdtempSync(join(dir, "s"));

  say("start-up: the proxy");
  const [first, later] = [[], []];
  for (let i = 0; i <= starts; i++) {
    await withCleanup(async (stack) => {
      const { startMs } = stack.use(await Product.start({ home, ...upstream }));
      (i === 0 ? first : later).push(startMs / 1000);
    });
  }

  say("start-up: the programs");
  const [node, version, creds] = [[], [], []];
  await withCleanup(async (stack) => {
    const { socketPath } = stack.use(await Product.start({ home, ...upstream }));
    const env = { HOME: home, PATH: process.env.PATH, PROXY_SOCK_PATH: socketPath };
    for (let i = 0; i < runs; i++) {
      node.push(await runMs(["-e", "0"], env));
      creds.push(await runMs([proxyCredsBin], env));
      if (i < starts) version.push(await runMs([proxyBin, "--version"], env));
    }
  });
  return [
    row("start until it listens, first (makes the authority)", { ours: first, format: seconds }),
    row("start until it listens", { ours: later, format: seconds, goal: { most: 1 } }),
    row("iam-agent-proxy --version, beside node -e 0", { ours: version, beside: node, format: ms }),
    row("proxy-creds, beside node -e 0", { ours: creds, beside: node, format: ms, goal: { most: 100 } }),
  ];
}

async function runMs(args, env) {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const [code] = await once(child, "close");
  const elapsed = performance.now() - started;
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}: ${output}`);
  return elapsed;
}
