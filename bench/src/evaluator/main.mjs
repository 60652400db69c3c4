/** Measures the evaluator beside cedar-wasm and iam-simulate in one run, and prints one table. See README.md. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { compilePolicySet } from "../../../packages/iam-evaluator/dist/index.js";
import { describeMachine } from "../machine.mjs";
import { median } from "../median.mjs";
import { cases } from "./cases.mjs";
import { cedarOf, installIamSimulate, ours } from "./engines.mjs";
import { hostilePatterns } from "./hostile-patterns.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean" }, write: { type: "boolean" } } });
const rounds = values.quick ? 3 : 9;
const roundMs = values.quick ? 50 : 250;
const iamSimulate = "0.1.173";

const dir = mkdtempSync(join(tmpdir(), "iap-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));

const peers = [{ name: "cedar-wasm 4.13.0", engine: cedarOf(cedar) }];
try {
  peers.push({ name: `iam-simulate ${iamSimulate}`, engine: await installIamSimulate(dir, iamSimulate) });
} catch (error) {
  say(`iam-simulate cannot be installed, and is left out: ${error.message.split("\n")[0]}`);
}

const lines = [];
for (const one of cases) {
  say(one.name);
  const engines = [ours, ...peers.map(({ engine }) => engine)].map((engine) => engine(one));
  for (const [i, decide] of engines.entries()) {
    for (const [n, { allowed }] of one.requests.entries()) {
      const said = await decide(n);
      if (said !== allowed) say(`${i === 0 ? "the product" : peers[i - 1].name} says ${said} to request ${n} of this`);
      if (said !== allowed && i === 0) process.exitCode = 1;
    }
  }
  const rates = engines.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, decide] of engines.entries()) rates[i].push(await rate(decide, one.requests.length));
  }
  const [mine, ...others] = rates.map(median);
  lines.push([
    `decisions: ${one.name}`,
    perSecond(mine),
    ...peers.flatMap((_, i) => [perSecond(others[i]), `${Math.round(mine / others[i])} ×`]),
    `≥ ${perSecond(one.goal)}`,
    mine >= one.goal ? "met" : "missed",
  ]);
}
const blanks = peers.flatMap(() => ["", ""]);
const compile = compileMs();
lines.push(["compile a policy of 6 KB", `${compile.toFixed(2)} ms`, ...blanks, "≤ 1.00 ms", word(compile <= 1)]);
const worst = hostilePatterns(rounds);
lines.push([
  `the worst of ${worst.patterns} hostile patterns of up to 6,144 characters against 1,024 bytes`,
  `${worst.micros.toFixed(1)} µs`,
  ...blanks,
  "≤ 50.0 µs",
  word(worst.micros <= 50),
]);

const heads = ["", "iam-evaluator", ...peers.flatMap(({ name }) => [name, "times as fast"]), "goal", ""];
const report = `${[heads, heads.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n\n${await describeMachine()}.\n`;
process.stdout.write(report);
if (values.write) {
  writeFileSync(
    fileURLToPath(new URL("../../EVALUATOR.md", import.meta.url)),
    `# The evaluator\n\nWritten by \`npm run bench -- evaluator --write\`; README.md says how to read it.\n\n${report}`,
  );
}

/** Decisions a second in one round, the requests in turn. */
async function rate(decide, count) {
  const isAsync = decide(0) instanceof Promise;
  const start = process.hrtime.bigint();
  const end = start + BigInt(roundMs) * 1_000_000n;
  let done = 0;
  let now = start;
  while (now < end) {
    // In batches, so that the clock is no part of what is measured.
    const batch = isAsync ? 3 : 300;
    for (let i = 0; i < batch; i++) {
      if (isAsync) await decide(i % count);
      else decide(i % count);
    }
    done += batch;
    now = process.hrtime.bigint();
  }
  return done / (Number(now - start) / 1e9);
}

function compileMs() {
  const statements = Array.from({ length: 23 }, (_, i) => ({
    Sid: `Statement${i}`,
    Effect: i % 7 === 6 ? "Deny" : "Allow",
    Action: ["s3:GetObject", "s3:PutObject", `dynamodb:*Item`],
    Resource: [`arn:aws:s3:::bucket-${i}/*`, `arn:aws:dynamodb:*:123456789012:table/t${i}`],
    Condition: { StringEquals: { "aws:RequestedRegion": ["eu-west-1", "eu-central-1"] } },
  }));
  const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  if (document.length < 6_000) throw new Error(`the policy has ${document.length} characters only`);
  const times = Array.from({ length: 200 }, () => {
    const start = process.hrtime.bigint();
    compilePolicySet({ identity: [{ name: "policy.json", document }] });
    return Number(process.hrtime.bigint() - start) / 1e6;
  });
  return median(times.slice(50));
}

function perSecond(value) {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1e3).toFixed(value < 1e4 ? 2 : 0)} k/s`;
}

function word(met) {
  return met ? "met" : "missed";
}

/** Progress, beside the result. */
function say(text) {
  process.stderr.write(`${text}\n`);
}
