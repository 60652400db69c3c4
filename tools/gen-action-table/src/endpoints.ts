import { join } from "node:path";
import { readJson, type Service, signingName } from "./botocore.ts";
import { extraHosts } from "./extra-hosts.ts";

interface Partition {
  readonly id: string;
  readonly regionRegex: string;
  readonly regions: Readonly<Record<string, unknown>>;
  readonly outputs: {
    readonly dnsSuffix: string;
    readonly dualStackDnsSuffix: string;
    readonly implicitGlobalRegion: string;
  };
}

interface LegacyEndpoint {
  readonly hostname?: string;
  readonly credentialScope?: { readonly region?: string; readonly service?: string };
  readonly variants?: readonly { readonly hostname?: string }[];
}

interface LegacyPartition {
  readonly partition: string;
  readonly dnsSuffix: string;
  readonly services: Readonly<
    Record<
      string,
      { readonly defaults?: LegacyEndpoint; readonly endpoints?: Readonly<Record<string, LegacyEndpoint>> }
    >
  >;
}

/** Host suffixes outside the partitions' own, with the tag their patterns carry. */
const extraSuffixes: readonly (readonly [suffix: string, tag: string, partition: string])[] = [
  ["on.aws", "on", "aws"],
  ["signin.aws.amazon.com", "signin", "aws"],
  ["oauth.signin.aws", "signin", "aws"],
  ["signin.amazonaws.cn", "signin", "aws-cn"],
  ["signin.amazonaws-us-gov.com", "signin", "aws-us-gov"],
  ["signin-fips.amazonaws-us-gov.com", "signin", "aws-us-gov"],
  ["signin.amazonaws-eusc.eu", "signin", "aws-eusc"],
  ["signin.c2shome.ic.gov", "signin", "aws-iso"],
  ["signin.sc2shome.sgov.gov", "signin", "aws-iso-b"],
  ["signin.csphome.adc-e.uk", "signin", "aws-iso-e"],
  ["signin.csphome.hci.ic.gov", "signin", "aws-iso-f"],
];

/** Services whose hosts the S3 grammar of aws-core parses by hand. */
const s3Family = new Set(["s3", "s3control", "s3-control", "s3-outposts"]);

/** Entries of endpoints.json that are no service of their own: user content, and hosts that do not exist. */
const notServices = new Set(["execute-api", "iotsecuredtunneling"]);

/**
 * The endpoint table of `@iap/aws-core` as a TypeScript module: partitions, and per endpoint prefix the signing names
 * and host patterns (`~` stands for the region, `{a}` for an account, `*` for one label, `**` for one or more; a `-fips`
 * in a label is left out).
 */
export function endpointsModule(dir: string, services: readonly Service[]): string {
  const partitions = (readJson(join(dir, "partitions.json")) as { partitions: readonly Partition[] }).partitions;
  regionRegexes = partitions.map(({ regionRegex }) => regionRegex);
  const legacy = (readJson(join(dir, "endpoints.json")) as { partitions: readonly LegacyPartition[] }).partitions;
  const table = new Map<string, { names: Set<string>; patterns: Set<string> }>();
  const owners = new Map<string, string>();
  const regions = new Map<string, string>();

  const entry = (prefix: string): { names: Set<string>; patterns: Set<string> } => {
    const found = table.get(prefix) ?? { names: new Set(), patterns: new Set() };
    table.set(prefix, found);
    return found;
  };
  const add = (prefix: string, partition: Partition, host: string, signingRegion: string | undefined): void => {
    const pattern = toPattern(host, partition);
    if (pattern === undefined) return;
    // A host that two prefixes share is listed with both: its signing names are theirs together.
    if (!owners.has(pattern.text)) owners.set(pattern.text, prefix);
    entry(prefix).patterns.add(pattern.text);
    const implied = pattern.region ?? (pattern.text.includes("~") ? undefined : partition.outputs.implicitGlobalRegion);
    const named = signingRegion?.includes("{") ? undefined : signingRegion;
    const regional = pattern.text.includes("~") && pattern.region === undefined;
    if (pattern.region !== undefined && !matchesRegion(partition, pattern.region)) return;
    if (named !== undefined && (regional || named !== implied) && matchesRegion(partition, named)) {
      regions.set(`${partition.id} ${pattern.text}`, named);
    }
  };

  for (const service of services) {
    if (s3Family.has(service.name)) continue;
    const { endpointPrefix } = service.model.metadata;
    const { names } = entry(endpointPrefix);
    names.add(signingName(service.model));
    const hostPrefixes = new Set(
      Object.values(service.model.operations).map(({ endpoint }) => endpoint?.hostPrefix ?? ""),
    );
    hostPrefixes.add("");
    for (const rule of endpointRules(service.ruleSet)) {
      for (const scheme of rule.authSchemes) if (scheme.signingName) names.add(scheme.signingName);
      const region = rule.authSchemes.find(({ name }) => name === "sigv4")?.signingRegion;
      for (const partition of partitionsOf(rule.url, partitions)) {
        for (const hostPrefix of hostPrefixes) add(endpointPrefix, partition, hostPrefix + hostOf(rule.url), region);
      }
    }
  }
  for (const { partition: id, dnsSuffix, services: byPrefix } of legacy) {
    const partition = partitions.find((p) => p.id === id);
    if (partition === undefined) throw new Error(`partition ${id} of endpoints.json is not in partitions.json`);
    for (const [key, { defaults = {}, endpoints = {} }] of Object.entries(byPrefix)) {
      if (s3Family.has(key) || notServices.has(key)) continue;
      for (const [region, endpoint] of Object.entries(endpoints)) {
        const hostnames = [endpoint.hostname ?? defaults.hostname ?? "{service}.{region}.{dnsSuffix}"];
        for (const variant of endpoint.variants ?? []) if (variant.hostname) hostnames.push(variant.hostname);
        const service = endpoint.credentialScope?.service ?? defaults.credentialScope?.service;
        for (const template of hostnames) {
          const host = template.replace("{service}", key).replace("{region}", region).replace("{dnsSuffix}", dnsSuffix);
          const pattern = toPattern(host, partition)?.text;
          if (pattern === undefined) continue;
          // A pseudo-region such as "rds.us-east-1" or "aws-global" under the template is no host.
          if (template.includes("{region}") && !matchesRegion(partition, region)) continue;
          const prefix = owners.get(pattern) ?? key;
          if (!table.has(prefix)) entry(prefix).names.add(service ?? prefix);
          else if (service !== undefined) entry(prefix).names.add(service);
          add(prefix, partition, host, endpoint.credentialScope?.region);
        }
      }
    }
  }
  for (const { prefix, names, patterns } of extraHosts) {
    for (const name of names) entry(prefix).names.add(name);
    for (const pattern of patterns) {
      const owner = owners.get(pattern);
      if (owner !== undefined && owner !== prefix) throw new Error(`${pattern} of ${prefix} is already ${owner}'s`);
      entry(prefix).patterns.add(pattern);
    }
  }
  return render(partitions, table, regions);
}

function render(
  partitions: readonly Partition[],
  table: ReadonlyMap<string, { names: Set<string>; patterns: Set<string> }>,
  regions: ReadonlyMap<string, string>,
): string {
  const rows = partitions
    .map(({ id, regionRegex, outputs }) =>
      JSON.stringify([id, outputs.dnsSuffix, outputs.dualStackDnsSuffix, outputs.implicitGlobalRegion, regionRegex]),
    )
    // GovCloud shares its suffixes with `aws`, and its regions are told first.
    .sort((a, b) => (a < b ? -1 : 1));
  const lines: string[] = [];
  for (const [prefix, { names, patterns }] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (patterns.size === 0) continue;
    const own = `${prefix}.~`;
    const signing = [...names].sort();
    const rest = [...patterns].sort().filter((pattern) => pattern !== own);
    // A prefix whose own regional host is not in the table says so with "!".
    lines.push(
      [
        (patterns.has(own) ? "" : "!") + prefix,
        signing.length === 1 && signing[0] === prefix ? "" : signing.join(","),
        rest.join(" "),
      ]
        .join("|")
        .replace(/\|+$/, ""),
    );
  }
  return `// Made by tools/gen-action-table from botocore's partitions, endpoints and endpoint rule sets. Do not edit.

/** id, DNS suffix, dual-stack DNS suffix, implicit global region, region pattern */
export const partitions: readonly (readonly [string, string, string, string, string])[] = [
${rows.map((row) => `  ${row},`).join("\n")}
];

/** Host suffixes outside the partitions' own: suffix, tag of its patterns, partition. */
export const extraSuffixes: readonly (readonly [string, string, string])[] = [
${extraSuffixes.map((row) => `  ${JSON.stringify(row)},`).join("\n")}
];

/** Hosts whose scope names another region than the host: partition and pattern, region. */
export const signingRegions: readonly (readonly [string, string])[] = [
${[...regions]
  .sort()
  .map((row) => `  ${JSON.stringify(row)},`)
  .join("\n")}
];

/** One line per endpoint prefix: \`prefix|signing names if other than the prefix|patterns beside "prefix.~"\`. */
export const hosts: string = \`
${lines.join("\n")}
\`;
`;
}

interface EndpointRule {
  readonly url: string;
  readonly authSchemes: readonly {
    readonly name?: string;
    readonly signingName?: string;
    readonly signingRegion?: string;
  }[];
}

/** A literal region of a template belongs to any partition: `aws` and GovCloud share their suffixes. */
let regionRegexes: readonly string[] = [];

/** Every endpoint that a rule set can answer. */
function endpointRules(node: unknown): EndpointRule[] {
  if (Array.isArray(node)) return node.flatMap(endpointRules);
  if (typeof node !== "object" || node === null) return [];
  const rule = node as {
    type?: string;
    endpoint?: { url: unknown; properties?: { authSchemes?: EndpointRule["authSchemes"] } };
  };
  const found = Object.values(node).flatMap(endpointRules);
  if (rule.type === "endpoint" && typeof rule.endpoint?.url === "string" && !rule.endpoint.url.includes("{url#")) {
    found.push({ url: rule.endpoint.url, authSchemes: rule.endpoint.properties?.authSchemes ?? [] });
  }
  return found;
}

function hostOf(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

/** The partitions a URL template can stand for: all when the suffix is a variable. */
function partitionsOf(url: string, partitions: readonly Partition[]): readonly Partition[] {
  const host = hostOf(url);
  if (/\{PartitionResult#(dnsSuffix|dualStackDnsSuffix)\}$/.test(host)) return partitions;
  return partitions.filter(({ outputs, id }) => {
    const own = [
      outputs.dnsSuffix,
      outputs.dualStackDnsSuffix,
      ...extraSuffixes.filter((x) => x[2] === id).map((x) => x[0]),
    ];
    return own.some((suffix) => host.endsWith(`.${suffix}`));
  });
}

function toPattern(host: string, partition: Partition): { text: string; region: string | undefined } | undefined {
  const resolved = host
    .replace(/\{PartitionResult#dnsSuffix\}/g, partition.outputs.dnsSuffix)
    .replace(/\{PartitionResult#dualStackDnsSuffix\}/g, partition.outputs.dualStackDnsSuffix)
    .replace(/\{PartitionResult#implicitGlobalRegion\}/g, partition.outputs.implicitGlobalRegion)
    .replace(/\{Region\}/g, "~")
    .replace(/\{OperationType\}/g, "control")
    .replace(/\{(AccountId|ParsedArn#accountId|parsedArn#accountId|arn#accountId)\}/g, "{a}")
    .replace(/\{(EndpointId|StreamIdPrefixValue|StreamIdSuffixValue|graphIdentifier)\}/g, "*");
  const suffixes: readonly (readonly [string, string])[] = [
    ...extraSuffixes.map(([suffix, tag]) => [suffix, `${tag}:`] as const),
    [partition.outputs.dnsSuffix, ""],
    [partition.outputs.dualStackDnsSuffix, ""],
  ];
  const suffix = suffixes.find(([text]) => resolved.endsWith(`.${text}`));
  if (suffix === undefined) return undefined;
  const labels = resolved.slice(0, -suffix[0].length - 1).split(".");
  // "ramus-gov-east-1.api.aws" in endpoints.json lacks a dot.
  if (labels.some((label) => label.startsWith("ramus-gov-"))) return undefined;
  if (labels.some((label) => label.includes("{") && label !== "{a}")) return undefined;
  let region: string | undefined;
  const plain = labels.map((label) => {
    if (!regionRegexes.some((regex) => new RegExp(regex).test(label))) return label;
    region = label;
    return "~";
  });
  return { text: suffix[1] + withoutFips(plain).join("."), region };
}

function withoutFips(labels: readonly string[]): string[] {
  const rest = labels[0] === "fips" ? labels.slice(1) : labels;
  return rest.map((label) => label.replace(/-fips$/, ""));
}

function matchesRegion(partition: Partition, label: string): boolean {
  return new RegExp(partition.regionRegex).test(label);
}
