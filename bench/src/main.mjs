/** Measures the product and its peer in one run and prints one table. See README.md. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments } from "./arguments.mjs";
import { withCleanup } from "./cleanup-stack.mjs";
import { describeMachine, watchOthers } from "./machine.mjs";
import { connections } from "./scenarios/connections.mjs";
import { huge, uploadForms } from "./scenarios/forms.mjs";
import { growth } from "./scenarios/growth.mjs";
import { peers } from "./scenarios/peers.mjs";
import { requests } from "./scenarios/requests.mjs";
import { signing } from "./scenarios/signing.mjs";
import { stages } from "./scenarios/stages.mjs";
import { startup } from "./scenarios/startup.mjs";
import { streaming } from "./scenarios/streaming.mjs";
import { tunnels } from "./scenarios/tunnels.mjs";
import { workers } from "./scenarios/workers.mjs";
import { table } from "./table.mjs";
import { Worker } from "./worker.mjs";

const scenarios = {
  ...{ signing, requests, peers, stages, workers, connections, streaming },
  ...{ forms: uploadForms, huge, tunnels, growth, startup },
};
/** Those that take minutes: not in a quick run, unless they are asked for. */
const long = ["huge", "growth"];
const resultsFile = fileURLToPath(new URL("../RESULTS.md", import.meta.url));
const longestMs = 25 * 60_000;

const { quick, only, write } = parseArguments(process.argv.slice(2), Object.keys(scenarios));
const dir = mkdtempSync(join(tmpdir(), "iap-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("uncaughtException", (error) => {
  say(`broken: ${error.message}`);
  process.exit(1);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
setTimeout(() => {
  say(`it takes longer than ${longestMs / 60_000} minutes: something hangs`);
  process.exit(1);
}, longestMs).unref();

const machine = await describeMachine();
say(machine);
const othersUsed = watchOthers();
const rows = await withCleanup(async (stack) => {
  const upstreamWorker = stack.use(new Worker("upstream"));
  const load = stack.use(new Worker("load"));
  const caDir = join(dir, "upstream");
  const { port } = await upstreamWorker.call("listen", { caDir });
  const upstream = { upstreamPort: port, upstreamCa: readFileSync(join(caDir, "ca.pem"), "utf8") };

  const all = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (only === undefined ? !(quick && long.includes(name)) : only.includes(name)) {
      all.push(...(await scenario({ quick, dir, upstream, load, say })));
    }
  }
  return all;
});

const report = `${table(rows)}\n\n${machine}, and ${othersUsed()}.\n`;
process.stdout.write(report);
if (write) {
  writeFileSync(
    resultsFile,
    `# Results\n\nWritten by \`npm run bench -- --write\`; README.md says how to read it.\n\n${report}`,
  );
}

/** Progress, beside the result. */
function say(text) {
  process.stderr.write(`${text}\n`);
}
