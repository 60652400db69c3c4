/**
 * What the tests of security-relevant code leave out: runs them with V8's coverage, and lists every branch that was never
 * taken. Exit status 1 when there are more than `--at-most N` (0). `--only NAME` takes the files whose paths hold NAME.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, "at-most": { type: "string", default: "0" } },
});

/** Where a mistake would sign, allow or tell what it must not: packages, and folders and files of the program. */
const packages = ["aws-core", "sigv4", "sigv4-verify", "action-resolver", "iam-evaluator", "cred-vendor"];
const folders = ["policies", "request", "tokens", "virtual"];
const files = [
  ...["pipeline", "recording/activity-log", "upstream/allowed-hosts", "upstream/foreign-key-alarm"],
  "upstream/upstream-credentials",
];
/** Tests of the program that reach these files besides those named after them. */
const others = ["signing-forms", "proxy", "upstream/no-credentials"];
/** What the transport judges by: hosts, addresses, the form of heads and bodies. */
const judging = [
  ...["address-guard", "authority", "client-hello", "connect-head", "gathered-bytes", "hop-by-hop", "http2-headers"],
  ...["read-body", "request-fault", "request-text", "response-framing", "response-head", "response-parser", "route"],
  ...["upgrade-fault", "upstream-error"],
];
const judged = [
  ...["address-guard", "authority", "client-hello", "connect-head", "gathered-bytes", "hop-by-hop", "http2-headers"],
  ...["request-text", "response-parser", "route", "upstream-error", "malformed-requests", "request-body", "forwarding"],
  ...["http2-hostile", "http2-forwarding", "slow-clients", "upgrade"],
];

const folder = mkdtempSync(join(tmpdir(), "iap-coverage-"));
try {
  // Whether the tests pass is told by npm test.
  spawnSync(
    join(root, "node_modules/.bin/vitest"),
    [
      ...["run", "--config", "vitest.workspace.ts", "--reporter=dot", "--testTimeout=60000"],
      ...packages.map((name) => `packages/${name}/test/`),
      ...folders.map((name) => `apps/proxy/test/${name}/`),
      ...[...files, ...others].map((name) => `apps/proxy/test/${name}.test.ts`),
      ...judged.map((name) => `packages/interceptor/test/${name}.test.ts`),
      ...["--coverage.enabled", "--coverage.provider=v8", "--coverage.reporter=json", "--coverage.reportOnFailure"],
      `--coverage.reportsDirectory=${folder}`,
      ...packages.map((name) => `--coverage.include=packages/${name}/src/**`),
      ...folders.map((name) => `--coverage.include=apps/proxy/src/${name}/**`),
      ...files.map((name) => `--coverage.include=apps/proxy/src/${name}.ts`),
      ...judging.map((name) => `--coverage.include=packages/interceptor/src/${name}.ts`),
    ],
    { cwd: root, stdio: "inherit" },
  );
  report(JSON.parse(readFileSync(join(folder, "coverage-final.json"), "utf8")));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(coverage) {
  let branches = 0;
  const untaken = [];
  for (const [path, { branchMap, b }] of Object.entries(coverage)) {
    const file = relative(root, path);
    if (!file.includes(values.only)) continue;
    const lines = readFileSync(path, "utf8").split("\n");
    for (const [id, { type, locations }] of Object.entries(branchMap)) {
      locations.forEach((location, i) => {
        const text = lines[location.start.line - 1]?.slice(location.start.column);
        // What stands in for an element that is always there: the types ask for it, no input leads to it.
        if (type === "binary-expr" && i > 0 && /^(?:""|\[\]|\{\}|0)(?![\w.])/.test(text ?? "")) return;
        branches++;
        if (b[id][i] === 0) untaken.push([file, location.start.line ?? branchMap[id].loc.start.line, type, lines]);
      });
    }
  }
  untaken.sort(([a, at], [b, bt]) => a.localeCompare(b) || at - bt);
  for (const [file, line, type, lines] of untaken) console.log(`${file}:${line} ${type}: ${lines[line - 1]?.trim()}`);
  console.log(`${branches} branches of security-relevant code, ${untaken.length} never taken`);
  if (untaken.length > Number(values["at-most"])) process.exitCode = 1;
}
