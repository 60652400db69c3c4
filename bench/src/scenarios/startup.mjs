import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { withCleanup } from "../cleanup-stack.mjs";
import { Product } from "../product.mjs";
import { row } from "../row.mjs";
import { serviceRequests } from "../service-requests.mjs";
import { targetOf } from "../targets.mjs";
import { proxyBin, proxyCredsBin } from "../workspace.mjs";

/** Services whose tables are read for the first time: the largest, EC2's, among them. */
const tried = ["ec2", "iot", "connect", "glue", "dynamodb", "rds", "ecs", "acm", "cloudtrail", "eks"];
/** Where they are asked again: the table is read, but the connection upstream is as new. */
const region = "eu-west-1";
const seconds = (n) => `${n.toFixed(2)} s`;
const ms = (n) => `${n.toFixed(0)} ms`;

/** How long the programs take to be there: the proxy until it listens, the others until they have ended. */
export async function startup(context) {
  const { quick, dir, upstream, load, say } = context;
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

  say("start-up: services");
  const firsts = await withCleanup(async (stack) => {
    const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
    const target = await targetOf(stack.use(await Product.start({ home, ...upstream, policy })));
    await load.call("aim", target.aim);
    // What the first requests of all need is not theirs.
    await load.call("open", { count: 4 });
    await load.call("close");
    const requests = (await serviceRequests()).filter(({ service }) => tried.includes(service));
    const elsewhere = requests.map((one) => ({ ...one, region, host: one.host.replace(one.region, region) }));
    const [first, known] = [
      await load.call("firstRequests", { requests }),
      await load.call("firstRequests", { requests: elsewhere }),
    ];
    return first.map((time, i) => time - known[i]);
  });

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
    row("start until it listens", { ours: later, format: seconds, goal: { most: 0.7 } }),
    row("first request of a service: more than one to another region of it", {
      ours: firsts,
      format: (n) => `${n.toFixed(1)} ms`,
      goal: { most: 30 },
    }),
    row("the same, the slowest of those tried", {
      ours: [Math.max(...firsts)],
      format: (n) => `${n.toFixed(1)} ms`,
      goal: { most: 30 },
    }),
    row("iam-agent-proxy --version, beside node -e 0", {
      ours: version,
      beside: node,
      format: ms,
      goal: { most: 150 },
    }),
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
