import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { agentCredentials } from "./agent-credentials.mjs";
import { cpuMs } from "./process-usage.mjs";
import { Product } from "./product.mjs";
import { upstreamCredentials } from "./upstream-credentials.mjs";
import { Worker } from "./worker.mjs";

/**
 * What load is aimed at.
 * @typedef {object} Target
 * @property {"ours" | "peer" | "direct"} name
 * @property {number | undefined} pid The proxy's process.
 * @property {string} [activityFile] Of the product.
 * @property {object} aim For the load generator.
 */

/** Starts the product, in a new home folder. */
export async function startOurs(context, stack) {
  const home = mkdtempSync(join(context.dir, "h"));
  return targetOf(stack.use(await Product.start({ home, ...context.upstream })));
}

/** A running product as a target. */
export async function targetOf(product) {
  const aim = { port: product.port, proxied: true, ca: product.ca, keys: await product.agentKeys() };
  return { name: "ours", pid: product.pid, activityFile: product.activityFile, aim };
}

/** Starts http-mitm-proxy, in a new folder. */
export async function startPeer(context, stack) {
  const worker = stack.use(new Worker("http-mitm-proxy"));
  const { port, ca } = await worker.call("listen", { dir: mkdtempSync(join(context.dir, "m")), ...context.upstream });
  return { name: "peer", pid: worker.pid, aim: { port, proxied: true, ca, keys: plain(agentCredentials) } };
}

/** The upstream itself, asked with its own keys. */
export function direct({ upstream }) {
  const aim = {
    port: upstream.upstreamPort,
    proxied: false,
    ca: upstream.upstreamCa,
    keys: plain(upstreamCredentials),
  };
  return { name: "direct", pid: undefined, aim };
}

/** The CPU time of a target's process while something is done, in milliseconds, beside what that gives. */
export async function withCpu({ pid }, action) {
  if (pid === undefined) return { ...(await action()), cpuMs: Number.NaN };
  const before = cpuMs(pid);
  const result = await action();
  return { ...result, cpuMs: cpuMs(pid) - before };
}

/** Credentials as they cross to another process. */
function plain({ accessKeyId, secretAccessKey, sessionToken }) {
  return { accessKeyId, secretAccessKey, sessionToken };
}
