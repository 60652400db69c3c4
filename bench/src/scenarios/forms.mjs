import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { rssBytes, watchRss } from "../process-usage.mjs";
import { row } from "../row.mjs";
import { startOurs, withCpu } from "../targets.mjs";

const warmUpBytes = 2 ** 20;
const settleMs = 500;

/** How a body can be signed, by what the proxy does with each byte of it. */
const forms = {
  "UNSIGNED-PAYLOAD": { method: "uploadUnsigned" },
  "its hash in the head": { method: "uploadHashed" },
  "unsigned chunks and a trailer": { method: "uploadInUnsignedChunks" },
  "signed chunks": { method: "uploadInChunks" },
};

/** One upload in each signing form, in a process of its own. */
export function uploadForms(context) {
  const { bytes, size } = context.quick ? { bytes: 2 ** 26, size: "64 MB" } : { bytes: 2 ** 29, size: "512 MB" };
  return each(context, Object.entries(forms), { bytes, size });
}

/** 5 GB, the most that S3 takes in one request: up in signed chunks, and down. Only when asked for. */
export function huge(context) {
  const both = [
    ["signed chunks", forms["signed chunks"]],
    ["a download", { method: "download", stallMs: 0 }],
  ];
  return each(context, both, { bytes: 5 * 2 ** 30, size: "5 GB" });
}

async function each(context, chosen, { bytes, size }) {
  const rows = [];
  for (const [form, { method, ...options }] of chosen) {
    context.say(`${size}: ${form}`);
    const what = method === "download" ? `${size} download` : `${size} upload, ${form}`;
    rows.push(...rowsOf(what, bytes, await measure(context, method, { bytes, ...options })));
  }
  return rows;
}

function measure(context, method, options) {
  const { load } = context;
  return withCleanup(async (stack) => {
    const target = await startOurs(context, stack);
    await load.call("aim", target.aim);
    await load.call(method, { ...options, bytes: warmUpBytes });
    await setTimeout(settleMs);
    const baseline = rssBytes(target.pid);
    const watch = watchRss(target.pid);
    const result = await withCpu(target, () => load.call(method, options));
    return { ...result, growth: (await watch.stop()) - baseline };
  });
}

function rowsOf(what, bytes, { cpuMs, flowMs, growth }) {
  return [
    row(`${what}: CPU of the proxy`, {
      ours: [cpuMs / 1000 / (bytes / 2 ** 30)],
      format: (n) => `${n.toFixed(1)} s/GB`,
    }),
    row(`${what}: memory growth at most`, {
      ours: [growth / 2 ** 20],
      format: (n) => `${n.toFixed(0)} MB`,
      goal: { most: 40 },
    }),
    row(`${what}: rate`, { ours: [bytes / 1e6 / (flowMs / 1000)], format: (n) => `${n.toFixed(0)} MB/s` }),
  ];
}
