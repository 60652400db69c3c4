import { AwsError } from "./aws-error.ts";
import type { CredentialScope } from "./aws-request.ts";
import { extraSuffixes, hosts, partitions, signingRegions } from "./endpoints.data.ts";
import { parseS3Host, type S3Host } from "./s3-host.ts";

/** What a host of AWS says about the request it is for. */
export interface Endpoint {
  readonly host: string;
  /** `aws`, `aws-cn`, `aws-us-gov` ... */
  readonly partition: string;
  /** The service's name in its hosts (`api.ecr`, `email`, `s3-control`), as AWS's service models have it. */
  readonly endpointPrefix: string;
  /** The service names a credential scope may carry at this host. */
  readonly signingNames: readonly string[];
  /** The region the scope must name. Undefined only for the S3 hosts that serve every region of the partition. */
  readonly region: string | undefined;
  /**
   * `service`: run by AWS, and signed. `userContent`: a customer's own API, function, domain or VPC endpoint, which
   * needs a rule that names it. `neverSigned`: hosts that take no SigV4 request, such as load balancers.
   */
  readonly kind: "service" | "userContent" | "neverSigned";
  /** The labels left of the service's own: an account, a bucket, an API id; without those the pattern spells out. */
  readonly labels: readonly string[];
  /** The account whose endpoint this is, where the host says it. */
  readonly account?: string | undefined;
  readonly s3?: S3Host | undefined;
  /** An interface VPC endpoint (`vpce-...vpce.amazonaws.com`). */
  readonly vpce?: true | undefined;
}

/**
 * The endpoint of a host name, or undefined when it is not one of AWS's that this table knows. The host is lower-case
 * and without a port; a trailing dot, an IP address, and labels other than `[a-z0-9-]` are refused. A suffix counts
 * only on a label boundary, and the region must belong to the partition of the suffix.
 */
export function parseEndpoint(host: string): Endpoint | undefined {
  const suffix = awsSuffix(host);
  if (suffix === undefined || !isHostName(host)) return undefined;
  const rest = host.slice(0, -suffix.text.length - 1);
  const labels = rest.split(".");
  if (suffix.tag !== "") return tableEndpoint(host, suffix, labels);
  if (labels.at(-1) === "vpce") return vpcEndpoint(host, suffix, labels);
  return s3Endpoint(host, suffix, labels) ?? tableEndpoint(host, suffix, labels);
}

/**
 * The host at which requests of a credential scope are served, for clients that name none of AWS's: the service's own
 * in that region, else its global one. S3's takes the bucket in the path. Undefined where the scope does not tell: an
 * unknown service or region, or one that several services sign as.
 */
export function hostForScope({ service, region }: Pick<CredentialScope, "service" | "region">): string | undefined {
  const usual = usualPrefix.get(service) ?? service;
  const prefixes = [usual, ...(prefixesOf.get(service) ?? []).filter((prefix) => prefix !== usual)];
  const hostsOf = (prefix: string): readonly string[] =>
    ["~", `~.${region}`]
      .flatMap((name) => [...dnsSuffixes].map((suffix) => `${name.replace("~", prefix)}.${suffix}`))
      .filter((host) => {
        const endpoint = parseEndpoint(host);
        const serves = endpoint?.kind === "service" && endpoint.signingNames.includes(service);
        return serves && endpoint.region === region && endpoint.labels.length === 0;
      });
  // A service that has the name itself is meant, whatever others sign with it; else there must be one.
  const [own] = hostsOf(usual);
  if (own !== undefined) return own;
  const others = prefixes.flatMap((prefix) => hostsOf(prefix).slice(0, 1));
  return others.length === 1 ? others[0] : undefined;
}

/**
 * Whether a host lies under a domain that AWS runs its services in, in any partition: what a proxy must look into
 * rather than tunnel. It holds for every host that `parseEndpoint` knows, and for those it does not know yet.
 * Letter case and a trailing dot make no difference here.
 */
export function isAwsHost(host: string): boolean {
  const plain = host.toLowerCase().replace(/\.$/, "");
  return suffixes.has(plain) || awsSuffix(plain) !== undefined;
}

export interface CheckEndpointOptions {
  /** Whether a rule of the operator's names this customer's endpoint. Without it no rule does. */
  readonly allowed?: ((endpoint: Endpoint) => boolean) | undefined;
}

/**
 * Holds a credential scope against the endpoint it is used at: the host decides which service acts, so a scope for
 * another service or region is refused, as AWS does. Throws `AwsError` `AccessDenied` for a host that is not signed
 * for, `SignatureDoesNotMatch` for a scope that disagrees. An empty region is a SigV4a scope: it has none to compare.
 * A customer's endpoint is signed for only if `allowed` says so; a host that takes no signatures never is.
 */
export function checkEndpoint(
  endpoint: Endpoint,
  scope: CredentialScope,
  { allowed = () => false }: CheckEndpointOptions = {},
): void {
  if (endpoint.kind === "neverSigned") {
    throw new AwsError("AccessDenied", `${endpoint.host} takes no signed requests: send it without AWS credentials.`);
  }
  if (endpoint.kind === "userContent" && !allowed(endpoint)) {
    throw new AwsError(
      "AccessDenied",
      `${endpoint.host} is not a host of AWS's own API but a customer's endpoint: no request is signed for it without a rule that names it. To allow it, start iam-agent-proxy with --allow-host ${ruleHost(endpoint)}`,
    );
  }
  if (!endpoint.signingNames.includes(scope.service)) {
    const names = endpoint.signingNames.map((name) => `'${name}'`).join(" or ");
    throw new AwsError("SignatureDoesNotMatch", `Credential should be scoped to correct service: ${names}.`);
  }
  if (scope.region === "") return;
  const agrees =
    endpoint.region === undefined
      ? endpoint.s3?.style !== "multiRegionAccessPoint" && regionOf(endpoint.partition)?.test(scope.region) === true
      : scope.region === endpoint.region;
  if (!agrees) {
    const wanted = endpoint.region === undefined ? "" : ` At this host it is '${endpoint.region}'.`;
    throw new AwsError(
      "SignatureDoesNotMatch",
      `Credential should be scoped to a valid region, not '${scope.region}'.${wanted}`,
    );
  }
}

/**
 * The host that a rule for a customer's endpoint names: its own, or that of the VPC endpoint alone, which serves S3's
 * buckets and access points under names of their own in front of it.
 */
export function ruleHost({ host, vpce }: Endpoint): string {
  if (vpce === undefined) return host;
  const labels = host.split(".");
  return labels.slice(labels.findLastIndex((label) => vpcEndpointLabel.test(label))).join(".");
}

const vpcEndpointLabel = /^vpce-[0-9a-f]+(?:-[a-z0-9-]+)?$/;

interface Partition {
  readonly id: string;
  readonly implicitRegion: string;
  readonly region: RegExp;
}

interface Suffix {
  readonly text: string;
  readonly tag: string;
  readonly partitions: readonly Partition[];
}

interface Row {
  readonly endpointPrefix: string;
  readonly signingNames: readonly string[];
  readonly kind: Endpoint["kind"];
}

/**
 * Hosts under AWS's suffixes that are not AWS's own API, reviewed by hand. `**` stands for one or more labels.
 * Customers' code or data answers at the first group; nothing at the second reads a signature.
 */
const otherHosts: readonly (readonly [pattern: string, kind: Endpoint["kind"], endpointPrefix: string])[] = [
  ["**.execute-api.~", "userContent", "execute-api"],
  ["on:**.execute-api.~", "userContent", "execute-api"],
  ["on:**.lambda-url.~", "userContent", "lambda"],
  ["**.~.es", "userContent", "es"],
  ["on:**.aos.~", "userContent", "es"],
  ["**.~.aoss", "userContent", "aoss"],
  ["on:**.aoss.~", "userContent", "aoss"],
  ["**.appsync-api.~", "userContent", "appsync"],
  ["**.appsync-realtime-api.~", "userContent", "appsync"],
  ["**.gateway.bedrock-agentcore.~", "userContent", "bedrock-agentcore"],
  ["**.dkr.ecr.~", "userContent", "ecr"],
  ["on:**.dkr-ecr.~", "userContent", "ecr"],
  ["**.d.codeartifact.~", "userContent", "codeartifact"],
  ["**.~.eks", "userContent", "eks"],
  ["on:**.dsql.~", "userContent", "dsql"],
  ["**.osis.~", "userContent", "osis"],
  ["**.~.cloudsearch", "userContent", "cloudsearch"],
  ["**.~.airflow", "userContent", "airflow"],
  ["on:**.airflow.~", "userContent", "airflow"],
  ["**.grafana-workspace.~", "userContent", "grafana"],
  ["**.~.neptune", "userContent", "neptune-db"],
  ["**.elb.~", "neverSigned", "elb"],
  ["**.~.elb", "neverSigned", "elb"],
  ["**.~.elasticbeanstalk", "neverSigned", "elasticbeanstalk"],
  ["**.compute-1", "neverSigned", "ec2"],
  ["**.~.compute", "neverSigned", "ec2"],
  ["**.~.rds", "neverSigned", "rds"],
  ["**.credentials.iot.~", "neverSigned", "iot"],
];

/** Without the dual-stack ones. */
const dnsSuffixes: ReadonlySet<string> = new Set(partitions.map(([, dns]) => dns));
/** Where the service that most requests of a signing name are for has another prefix in its hosts. */
const usualPrefix: ReadonlyMap<string, string> = new Map([
  ["ecr", "api.ecr"],
  ["ses", "email"],
  ["sagemaker", "api.sagemaker"],
]);
/** The endpoint prefixes of a signing name. */
const prefixesOf: ReadonlyMap<string, readonly string[]> = readPrefixes();

const partitionById: ReadonlyMap<string, Partition> = new Map(
  partitions.map(([id, , , implicitRegion, region]) => [id, { id, implicitRegion, region: new RegExp(region) }]),
);
const suffixes: ReadonlyMap<string, Suffix> = readSuffixes();
const table: ReadonlyMap<string, Row> = readTable();
const regionExceptions: ReadonlyMap<string, string> = new Map(signingRegions);

function readSuffixes(): Map<string, Suffix> {
  const all: [string, string, string][] = partitions.flatMap(([id, dns, dualStack]) => [
    [dns, "", id],
    [dualStack, "", id],
  ]);
  const found = new Map<string, Suffix>();
  for (const [text, tag, id] of [...all, ...extraSuffixes]) {
    const known = found.get(text)?.partitions ?? [];
    found.set(text, { text, tag, partitions: [...known, partitionById.get(id) as Partition] });
  }
  return found;
}

function readTable(): Map<string, Row> {
  const found = new Map<string, Row>();
  const add = (pattern: string, row: Row): void => {
    const known = found.get(pattern);
    // Two services can share a host: the scope tells them apart.
    found.set(pattern, known ? { ...known, signingNames: union(known.signingNames, row.signingNames) } : row);
  };
  for (const line of hosts.trim().split("\n")) {
    const [marked = "", names, patterns] = line.split("|");
    const endpointPrefix = marked.replace("!", "");
    const row: Row = { endpointPrefix, signingNames: names ? names.split(",") : [endpointPrefix], kind: "service" };
    if (!marked.startsWith("!")) add(`${endpointPrefix}.~`, row);
    for (const pattern of patterns ? patterns.split(" ") : []) add(pattern, row);
  }
  for (const [pattern, kind, endpointPrefix] of otherHosts) {
    add(pattern, { endpointPrefix, kind, signingNames: kind === "neverSigned" ? [] : [endpointPrefix] });
  }
  return found;
}

function readPrefixes(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const line of hosts.trim().split("\n")) {
    const [marked = "", names] = line.split("|");
    const prefix = marked.replace("!", "");
    for (const name of names ? names.split(",") : [prefix]) found.set(name, union(found.get(name) ?? [], [prefix]));
  }
  return found;
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

/** The longest AWS suffix that a host ends with, on a label boundary: two to five labels. */
function awsSuffix(host: string): Suffix | undefined {
  let found: Suffix | undefined;
  let dot = host.length;
  for (let count = 1; count <= 5; count++) {
    dot = host.lastIndexOf(".", dot - 1);
    if (dot <= 0) break;
    found = suffixes.get(host.slice(dot + 1)) ?? found;
  }
  return found;
}

/** Lower-case letters, digits and inner hyphens, in labels of 1 to 63 characters, 253 in all (RFC 1123, 2.1). */
function isHostName(host: string): boolean {
  return (
    host.length <= 253 && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/.test(host)
  );
}

function regionOf(partition: string): RegExp | undefined {
  return partitionById.get(partition)?.region;
}

/** The partition, of those that share a suffix, that a region belongs to. */
function partitionOf(suffix: Suffix, region: string): Partition | undefined {
  return suffix.partitions.find((partition) => partition.region.test(region));
}

function tableEndpoint(host: string, suffix: Suffix, labels: readonly string[]): Endpoint | undefined {
  let region: string | undefined;
  let partition: Partition | undefined;
  const plain = withoutFips(labels);
  for (let i = plain.length - 1; i >= 0; i--) {
    partition = partitionOf(suffix, plain[i] as string);
    if (partition === undefined) continue;
    region = plain[i];
    plain[i] = "~";
    break;
  }
  // Without a region a host is global: of GovCloud when it says so, else of the suffix's first partition.
  partition ??= plain.includes("us-gov") ? partitionById.get("aws-us-gov") : suffix.partitions[0];
  if (partition === undefined || !suffix.partitions.includes(partition)) return undefined;
  const found = lookup(suffix.tag === "" ? "" : `${suffix.tag}:`, plain);
  if (found === undefined) return undefined;
  const { row, pattern, left } = found;
  const account = left.length === 1 && pattern.includes("{a}") ? left[0] : undefined;
  return {
    host,
    partition: partition.id,
    endpointPrefix: row.endpointPrefix,
    signingNames: row.signingNames,
    region: regionExceptions.get(`${partition.id} ${pattern}`) ?? region ?? partition.implicitRegion,
    kind: row.kind,
    labels: left,
    account,
  };
}

/** The row of a host: as it stands, then with an account, one or two labels, or any number of labels in front. */
function lookup(
  tag: string,
  labels: readonly string[],
): { readonly row: Row; readonly pattern: string; readonly left: readonly string[] } | undefined {
  const at = (front: string, count: number) => {
    const pattern = tag + [front, ...labels.slice(count)].filter((part) => part !== "").join(".");
    const row = table.get(pattern);
    return row && { row, pattern, left: labels.slice(0, count) };
  };
  const first = labels[0] as string;
  let found = at("", 0) ?? (/^\d{12}$/.test(first) ? at("{a}", 1) : undefined);
  if (first !== "~") found ??= at("*", 1);
  if (labels.length > 2 && labels[1] !== "~") found ??= at("*.*", 2);
  for (let count = 1; found === undefined && count < labels.length && labels[count - 1] !== "~"; count++) {
    found = at("**", count);
  }
  return found;
}

/** FIPS hosts are those of the service with `-fips` at the end of a label, or `fips` in front. */
function withoutFips(labels: readonly string[]): string[] {
  const rest = labels[0] === "fips" && labels.length > 2 ? labels.slice(1) : labels;
  return rest.map((label) => (label.endsWith("-fips") ? label.slice(0, -5) : label));
}

function s3Endpoint(host: string, suffix: Suffix, labels: readonly string[]): Endpoint | undefined {
  const found = parseS3Host(labels, (label) => partitionOf(suffix, label) !== undefined);
  if (found === undefined) return undefined;
  const { region, left, kind, endpointPrefix, signingNames, s3 } = found;
  const partition = region === undefined ? suffix.partitions[0] : partitionOf(suffix, region);
  if (partition === undefined) return undefined;
  return {
    host,
    partition: partition.id,
    endpointPrefix,
    signingNames,
    region,
    kind,
    labels: left,
    account: s3.account,
    s3,
  };
}

/** What stands in front of a VPC endpoint of S3's, and the label it stands for at S3's other hosts. */
const s3VpceForms: ReadonlyMap<string, string> = new Map([
  ["bucket", "s3"],
  ["accesspoint", "s3-accesspoint"],
  ["control", "s3-control"],
]);

/** `vpce-<id>[-<zone>].<service>.<region>.vpce.<suffix>`, for S3 with `bucket`, `accesspoint` or `control` in front. */
function vpcEndpoint(host: string, suffix: Suffix, labels: readonly string[]): Endpoint | undefined {
  // From the right: a bucket may be called like an endpoint.
  const at = labels.findLastIndex((label) => vpcEndpointLabel.test(label));
  const region = labels.at(-2);
  if (at < 0 || at > labels.length - 4 || region === undefined || !partitionOf(suffix, region)) return undefined;
  const service = labels.slice(at + 1, -2);
  const left = labels.slice(0, at);
  let inner: Endpoint | undefined;
  if (service.join(".") === "s3") {
    const form = s3VpceForms.get(left.at(-1) ?? "");
    inner = form === undefined ? undefined : s3Endpoint(host, suffix, [...left.slice(0, -1), form, region]);
  } else if (left.length === 0 || service.join(".") === "execute-api") {
    inner =
      tableEndpoint(host, suffix, [...left, ...service, region]) ??
      tableEndpoint(host, suffix, ["x", ...service, region]);
  }
  return inner && { ...inner, kind: inner.kind === "neverSigned" ? "neverSigned" : "userContent", vpce: true };
}
