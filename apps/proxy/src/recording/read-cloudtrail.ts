import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createResolver } from "@iap/action-resolver";
import type { ActivityRecord } from "@iap/aws-core";
import { recordsFromCloudTrail, type TrailOperation } from "@iap/policy-generator";
import { loadShard } from "../shard-loader.ts";

/** Told of what was passed over: the file, and the line or the event's number. */
export type OnPassedOver = (file: string, position: number | undefined, why: string) => void;

/**
 * The requests of CloudTrail logs: of files (JSON, JSON lines, either with gzip) or folders, as a trail puts them into its
 * bucket and `aws s3 sync` copies them, or of what `aws cloudtrail lookup-events` prints. Throws Node's errors for a path
 * that is not there.
 */
export async function readCloudTrail(
  paths: readonly string[],
  onPassedOver: OnPassedOver,
  onFile?: (done: number, total: number) => void,
): Promise<ActivityRecord[]> {
  const table = new OperationTable();
  const files = paths.flatMap((path) => filesOf(path));
  const records: ActivityRecord[] = [];
  for (const [i, file] of files.entries()) {
    onFile?.(i, files.length);
    for (const [number, event] of eventsOf(file, onPassedOver)) {
      await table.load(sourceOf(event));
      const made = recordsFromCloudTrail(event, { operation: (...asked) => table.find(...asked) });
      if (typeof made === "string") onPassedOver(file, number, made);
      else records.push(...made);
    }
  }
  return records;
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.jsonl?(?:\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/]CloudTrail-(?:Digest|Insight)[\\/]/.test(file))
    .sort();
}

function* eventsOf(file: string, onPassedOver: OnPassedOver): Generator<readonly [number: number, event: unknown]> {
  let text: string;
  try {
    const bytes = readFileSync(file);
    text = (file.endsWith(".gz") ? gunzipSync(bytes, { maxOutputLength: 512 << 20 }) : bytes).toString("utf8");
  } catch (error) {
    return onPassedOver(file, undefined, (error as Error).message);
  }
  const whole = parse(text);
  if (whole !== undefined) {
    let number = 0;
    for (const event of eventsIn(whole)) yield [++number, event];
    return;
  }
  let number = 0;
  for (const line of text.split("\n")) {
    number++;
    if (line.trim() === "") continue;
    const value = parse(line);
    if (value === undefined) onPassedOver(file, number, "it is not JSON");
    else for (const event of eventsIn(value)) yield [number, event];
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{"Records": […]}` of a trail, `{"Events": [{"CloudTrailEvent": "…"}]}` of lookup-events, a list, or one event. */
function eventsIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.map(unwrapped);
  const { Records, Events } = (value ?? {}) as { readonly Records?: unknown; readonly Events?: unknown };
  if (Array.isArray(Records)) return Records;
  return Array.isArray(Events) ? Events.map(unwrapped) : [unwrapped(value)];
}

function unwrapped(event: unknown): unknown {
  const inner = (event as { readonly CloudTrailEvent?: unknown } | null)?.CloudTrailEvent;
  return typeof inner === "string" ? parse(inner) : event;
}

function sourceOf(event: unknown): string | undefined {
  const source = (event as { readonly eventSource?: unknown } | null)?.eventSource;
  return typeof source === "string" ? source.split(".", 1)[0] : undefined;
}

/** The action table, asked by event source. */
class OperationTable {
  readonly #resolver = createResolver({ load: loadShard });
  readonly #loaded = new Set<string>();

  async load(source: string | undefined): Promise<void> {
    if (source === undefined || this.#loaded.has(source)) return;
    this.#loaded.add(source);
    await this.#resolver.load(SIGNING_NAMES[source] ?? source);
  }

  find(source: string, name: string, apiVersion: string | undefined): TrailOperation | undefined {
    const services = SERVICES[source] ?? [source];
    // The newer of two Elastic Load Balancing APIs has other load balancers.
    const ordered = apiVersion === "2012-06-01" ? [...services].reverse() : services;
    for (const service of ordered) {
      const found = this.#resolver.describeOperation(service, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Event sources whose first label is not the signing name. */
const SIGNING_NAMES: Readonly<Record<string, string>> = { email: "ses" };

/** Event sources whose first label is not the name of one service. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  email: ["sesv2", "ses"],
  monitoring: ["cloudwatch"],
  elasticloadbalancing: ["elbv2", "elb"],
  states: ["stepfunctions"],
  elasticfilesystem: ["efs"],
  elasticmapreduce: ["emr"],
  tagging: ["resourcegroupstaggingapi"],
  "aws-marketplace": ["marketplace-catalog"],
  es: ["opensearch", "es"],
  apigateway: ["apigateway", "apigatewayv2"],
  rds: ["rds", "neptune", "docdb"],
  servicediscovery: ["servicediscovery"],
  ssm: ["ssm"],
  airflow: ["mwaa"],
  models: ["lex-models"],
};
