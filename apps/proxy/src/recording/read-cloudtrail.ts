import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createResolver, servicesSignedAs } from "@iap/action-resolver";
import type { ActivityRecord } from "@iap/aws-core";
import { recordsFromCloudTrail, type TrailCall, type TrailOperation } from "@iap/policy-generator";
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
  // Trails of several regions or accounts may hold an event each.
  const known = new Set<string>();
  for (const [i, file] of files.entries()) {
    onFile?.(i, files.length);
    for (const [number, event] of eventsOf(file, onPassedOver)) {
      await table.load(sourceOf(event));
      const made = recordsFromCloudTrail(event, { operation: (call) => table.find(call) });
      if (typeof made === "string") onPassedOver(file, number, made);
      else if (!known.has(made[0].id)) {
        known.add(made[0].id);
        records.push(...made);
      }
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

  find({ source, name, apiVersion, ...call }: TrailCall): TrailOperation | undefined {
    const [operation, only] = (source === "s3" && S3_EVENTS[name]) || [name];
    const services = only ?? FIRST[source] ?? servicesOf(source);
    // The newer of two Elastic Load Balancing APIs has other load balancers.
    const ordered = apiVersion === "2012-06-01" ? [...services].reverse() : services;
    for (const service of ordered) {
      const found = this.#resolver.describeOperation(service, operation);
      if (found === undefined) continue;
      return { ...found, checks: this.#resolver.resolveParameters(service, operation, call)?.checks };
    }
    return undefined;
  }
}

/** The services of an event source, the one of its own name first. */
function servicesOf(source: string): readonly string[] {
  const services = servicesSignedAs(SIGNING_NAMES[source] ?? source);
  return services.includes(source) ? [source, ...services.filter((service) => service !== source)] : services;
}

/** Event sources whose first label is not the signing name. */
const SIGNING_NAMES: Readonly<Record<string, string>> = {
  email: "ses",
  models: "lex",
  "models-v2-lex": "lex",
  rdsdata: "rds-data",
  "metering-marketplace": "aws-marketplace",
};

/** Where services of one source have operations of the same name: the one that is meant first. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  ses: ["sesv2", "ses", "mailmanager"],
  email: ["sesv2", "ses", "mailmanager"],
  elasticloadbalancing: ["elbv2", "elb"],
  es: ["opensearch", "es"],
  rds: ["rds", "neptune", "docdb"],
};

/** Events of S3 that are not called like the operation (Amazon S3 User Guide, "Amazon S3 CloudTrail events"), and whose it is. */
const S3_EVENTS: Readonly<Record<string, readonly [operation: string, services?: readonly string[]]>> = {
  GetBucketPublicAccessBlock: ["GetPublicAccessBlock"],
  PutBucketPublicAccessBlock: ["PutPublicAccessBlock"],
  DeleteBucketPublicAccessBlock: ["DeletePublicAccessBlock"],
  GetAccountPublicAccessBlock: ["GetPublicAccessBlock", ["s3control"]],
  PutAccountPublicAccessBlock: ["PutPublicAccessBlock", ["s3control"]],
  DeleteAccountPublicAccessBlock: ["DeletePublicAccessBlock", ["s3control"]],
  GetBucketLifecycle: ["GetBucketLifecycleConfiguration"],
  PutBucketLifecycle: ["PutBucketLifecycleConfiguration"],
  GetBucketNotification: ["GetBucketNotificationConfiguration"],
  PutBucketNotification: ["PutBucketNotificationConfiguration"],
  GetAccelerateConfiguration: ["GetBucketAccelerateConfiguration"],
  PutAccelerateConfiguration: ["PutBucketAccelerateConfiguration"],
  GetBucketObjectLockConfiguration: ["GetObjectLockConfiguration"],
  PutBucketObjectLockConfiguration: ["PutObjectLockConfiguration"],
};
