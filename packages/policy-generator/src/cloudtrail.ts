import type { Check, CheckResource, Context, DecidedRecord, FinishedRecord, Marker } from "@iap/aws-core";
import { compilePolicySet } from "@iap/iam-evaluator";
import { accessLevelOf } from "./access-level.ts";

/** What an operation needs, as far as it is known: the table of `@iap/action-resolver` says it. */
export interface TrailOperation {
  /** The IAM prefix. */
  readonly prefix: string;
  readonly marker?: Marker | undefined;
  /** Every action it may need. */
  readonly actions: readonly { readonly name: string; readonly hasResource: boolean }[];
  /** What it needs with the parameters of this call, if they tell. */
  readonly checks?: readonly Check[] | undefined;
}

/** The call of an event. */
export interface TrailCall {
  /** The first label of the event source: `monitoring`. */
  readonly source: string;
  /** The event's name without the version at its end. */
  readonly name: string;
  readonly apiVersion: string | undefined;
  /** An object with the API's names, in CloudTrail's letter case; null for none. */
  readonly parameters: unknown;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export interface CloudTrailOptions {
  /** Finds the operation of a call. */
  readonly operation: (call: TrailCall) => TrailOperation | undefined;
}

/**
 * A CloudTrail event as the two records of a request, or why it is none. What it needs comes from the table of operations,
 * filled with the event's parameters; resources that these do not tell from the event's `resources`; what neither tells is
 * a pattern that says so.
 */
export function recordsFromCloudTrail(
  event: unknown,
  { operation }: CloudTrailOptions,
): readonly [DecidedRecord, FinishedRecord] | string {
  if (!isObject(event)) return "it is not an event";
  const { eventID, eventTime, eventSource, eventName, eventType, userIdentity } = event;
  if (typeof eventTime !== "string" || typeof eventSource !== "string" || typeof eventName !== "string") {
    return "it is not a CloudTrail event: eventTime, eventSource or eventName is missing";
  }
  if (Number.isNaN(Date.parse(eventTime))) return "its eventTime is not a time";
  if (typeof eventType === "string" && !API_CALLS.has(eventType)) return `it is not an API call (${eventType})`;
  const identity = isObject(userIdentity) ? userIdentity : {};
  if (identity.type === "AWSService") return "an AWS service did it on its own behalf";

  const source = eventSource.split(".", 1)[0] as string;
  const id = textOf(eventID) ?? `${eventTime} ${source} ${eventName}`;
  const name = eventName.replace(/\d{8}(?:v\d+)?$/, "");
  const region = textOf(event.awsRegion) ?? "";
  const account = textOf(event.recipientAccountId) ?? textOf(identity.accountId) ?? "";
  const partition = partitionOf(region);
  const apiVersion = textOf(event.apiVersion);
  const known = operation({
    source,
    name,
    apiVersion,
    parameters: event.requestParameters,
    partition,
    region,
    account,
  });
  const prefix = known?.prefix ?? PREFIXES[source] ?? source;
  const facts: Facts = { event, prefix, region, account };
  const checks = known?.marker === undefined ? checksOf(known, name, facts) : [];
  const errorCode = textOf(event.errorCode);
  const denied = errorCode !== undefined && /(?:AccessDenied|Unauthorized|NotAuthorized|Forbidden)/.test(errorCode);
  const arn = textOf(identity.arn);
  return [
    {
      ...{ v: 1, type: "decided", id, time: new Date(eventTime).toISOString(), run: "cloudtrail", mode: "record" },
      agent: agentOf(identity),
      accessKeyId: textOf(identity.accessKeyId),
      principalArn: arn,
      role: roleOf(identity),
      ...{ host: eventSource, method: "POST", service: prefix, operations: [name], region, account },
      marker: known?.marker,
      checks,
      decision: { outcome: "allowed", reason: "from CloudTrail", by: "guard", policyVersion: "" },
      forwarded: true,
    },
    {
      ...{ v: 1, type: "finished", id, time: new Date(eventTime).toISOString(), outcome: "answered" },
      status: denied ? 403 : errorCode === undefined ? 200 : 400,
      errorCode,
      requestId: textOf(event.requestID),
      ...{ bytesUp: 0, bytesDown: 0, durationMs: 0 },
    },
  ];
}

/** What a policy made of CloudTrail cannot know, in sentences. */
export const CLOUDTRAIL_GAPS: readonly string[] = [
  "CloudTrail has data events (S3 objects, DynamoDB items, Lambda invocations, SQS and SNS messages) only where a trail was told to log them: what was not logged is not in the policy.",
  "CloudTrail does not log the use of iam:PassRole; it is taken from parameters that name a role. Other actions that an operation needs for some of its parameters are taken too, as far as CloudTrail logs the parameters.",
  "CloudTrail tells condition keys only through parameters and the region: what came from where and by which client is not in it.",
  "Not every operation names its resources in CloudTrail: where one does not, the policy has a wildcard, and the report lists it.",
];

type JsonObject = Readonly<Record<string, unknown>>;

interface Facts {
  readonly event: JsonObject;
  readonly prefix: string;
  readonly region: string;
  readonly account: string;
}

/**
 * Of the actions an operation may need, those this event shows: its own, or, where it has none of its own name
 * (`TransactWriteItems`), those of its service that do not tag or hand out permissions; and of other services those for
 * which it names a resource.
 */
function neededOf({ prefix, actions }: TrailOperation, operation: string, facts: Facts): TrailOperation["actions"] {
  const own = `${prefix}:${operation}`;
  const hasOwn = actions.some(({ name }) => name === own);
  return actions.filter(({ name, hasResource }, i) => {
    if (name.startsWith(`${prefix}:`)) {
      if (hasOwn) return name === own;
      return i === 0 || !["Tagging", "Permissions"].includes(accessLevelOf(name));
    }
    return i === 0 || (hasResource && resourcesFor(name, facts, UNTOLD).some((resource) => "arn" in resource));
  });
}

function checksOf(known: TrailOperation | undefined, name: string, facts: Facts): Check[] {
  let checks: readonly Check[];
  if (known === undefined) checks = checksFor({ name: `${facts.prefix}:${name}`, hasResource: true }, facts, UNKNOWN);
  else if (known.checks !== undefined) checks = known.checks.flatMap((check) => narrowed(check, name, facts));
  else checks = neededOf(known, name, facts).flatMap((action) => checksFor(action, facts, UNTOLD));
  const context = contextOf(facts);
  return checks.map((check) => {
    const all = { ...context, ...check.context };
    return { action: check.action, resource: check.resource, context: all, authoritative: Object.keys(all) };
  });
}

/**
 * Where the parameters do not tell a resource, the ones that the event lists and that may be it; but not where the event
 * lists what was created, which the next call will call otherwise.
 */
function narrowed(check: Check, operation: string, { event }: Facts): Check[] {
  const { action, resource } = check;
  if (!("pattern" in resource) || /^(?:Create|Run|Allocate|Request|Register|Import|Restore)/.test(operation))
    return [check];
  const service = resource.pattern === "*" ? action.slice(0, action.indexOf(":")) : resource.pattern.split(":", 3)[2];
  const listed = arnsListed(event).filter((arn) => isArnOf(arn, service ?? "") && isWithin(arn, resource.pattern));
  if (listed.length > 0) return unique(listed).map((exact) => ({ ...check, resource: exact }));
  return resource.pattern === "*" ? [{ ...check, resource: { pattern: "*", why: UNTOLD } }] : [check];
}

/** Whether a pattern takes an ARN, as a policy's resource would; a name in it may have characters that no policy has. */
function isWithin(arn: string, pattern: string): boolean {
  const statement = { Effect: "Allow", Action: "*", Resource: pattern } as const;
  const document = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  const evaluator = compilePolicySet({ identity: [{ name: "pattern", document }] }, { validate: "warn" });
  return evaluator.evaluate({ action: "x:Y", resource: { arn } }).outcome === "allowed";
}

/** The region; and of a call to KMS that a service made for its caller (forward access), by which. */
function contextOf({ event, prefix, region }: Facts): Context {
  const identity = isObject(event.userIdentity) ? event.userIdentity : {};
  const by = /^([a-z0-9.-]+)\.amazonaws\.com$/.exec(textOf(identity.invokedBy) ?? "")?.[1];
  return {
    ...(region === "" ? {} : { "aws:RequestedRegion": region }),
    ...(prefix === "kms" && by !== undefined ? { "kms:ViaService": `${by}.${region}.amazonaws.com` } : {}),
  };
}

/** The role of a session. */
function roleOf({ sessionContext }: JsonObject): string | undefined {
  const issuer = isObject(sessionContext) && isObject(sessionContext.sessionIssuer) ? sessionContext.sessionIssuer : {};
  return issuer.type === "Role" ? textOf(issuer.arn) : undefined;
}

function checksFor(
  { name, hasResource }: { readonly name: string; readonly hasResource: boolean },
  facts: Facts,
  untold: string,
): Check[] {
  const resources: readonly CheckResource[] = hasResource ? resourcesFor(name, facts, untold) : [{ none: true }];
  return resources.map((resource) => ({ action: name, resource, context: {}, authoritative: [] }));
}

function resourcesFor(action: string, { event, prefix, region, account }: Facts, untold: string): CheckResource[] {
  const service = action.slice(0, action.indexOf(":"));
  const parameters = isObject(event.requestParameters) ? event.requestParameters : {};
  if (service === "s3") {
    const s3 = s3Resource(action, parameters, partitionOf(region));
    if (s3 !== undefined) return [s3];
  }
  const arns = [...arnsListed(event), ...textsIn(parameters)].filter((text) => isArnOf(text, service));
  if (service === "iam" && action === "iam:PassRole") {
    const roles = arns.filter((arn) => /:role\//.test(arn));
    return roles.length > 0 ? unique(roles) : [{ pattern: `arn:*:iam::${account}:role/*`, why: UNTOLD }];
  }
  if (arns.length > 0) return unique(arns);
  if (service === prefix) {
    for (const [owner, member, template] of TEMPLATES) {
      const value = parameters[member];
      if (owner !== service || typeof value !== "string" || value === "") continue;
      return [{ arn: template(value, { partition: partitionOf(region), region, account }) }];
    }
  }
  return [{ pattern: "*", why: untold }];
}

const UNKNOWN = "no operation of this name is known: its action is taken to be called like the event";
const UNTOLD = "CloudTrail does not name the resource of this event";

function s3Resource(action: string, { bucketName, key }: JsonObject, partition: string): CheckResource | undefined {
  if (typeof bucketName !== "string" || bucketName === "") return undefined;
  const isPoint = bucketName.startsWith("arn:");
  const bucket = isPoint ? bucketName : `arn:${partition}:s3:::${bucketName}`;
  if (!/^s3:(?!.*Bucket)(?:.*Object|AbortMultipartUpload|ListMultipartUploadParts)/.test(action))
    return { arn: bucket };
  const objects = isPoint ? `${bucket}/object` : bucket;
  if (typeof key === "string" && key !== "") return { arn: `${objects}/${key}` };
  return { pattern: `${objects}/*`, why: "CloudTrail does not name the objects of this event" };
}

function arnsListed({ resources }: JsonObject): string[] {
  const told = Array.isArray(resources) ? resources.filter(isObject) : [];
  return told.map(({ ARN, arn }) => ARN ?? arn).filter((arn) => typeof arn === "string");
}

/** By the beginnings of region names (AWS General Reference). */
function partitionOf(region: string): string {
  return PARTITIONS.find(([start]) => region.startsWith(start))?.[1] ?? "aws";
}

const PARTITIONS: readonly (readonly [start: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["us-iso-", "aws-iso"],
  ["eu-isoe-", "aws-iso-e"],
  ["eusc-", "aws-eusc"],
];

interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

type Template = readonly [service: string, parameter: string, arn: (value: string, place: Place) => string];

/** Parameters that are a resource's name, in services whose events name no ARN. */
const TEMPLATES: readonly Template[] = [
  ["dynamodb", "tableName", (name, at) => inRegion("dynamodb", at, `table/${name}`)],
  ["lambda", "functionName", (name, at) => inRegion("lambda", at, `function:${name}`)],
  ["sqs", "queueUrl", (url, at) => inRegion("sqs", at, url.slice(url.lastIndexOf("/") + 1))],
  ["sqs", "queueName", (name, at) => inRegion("sqs", at, name)],
  ["sns", "name", (name, at) => inRegion("sns", at, name)],
  ["logs", "logGroupName", (name, at) => inRegion("logs", at, `log-group:${name}`)],
  ["kms", "keyId", (id, at) => inRegion("kms", at, id.startsWith("alias/") ? id : `key/${id}`)],
  ["ecr", "repositoryName", (name, at) => inRegion("ecr", at, `repository/${name}`)],
  ["iam", "instanceProfileName", (name, at) => `arn:${at.partition}:iam::${at.account}:instance-profile/${name}`],
  ["iam", "roleName", (name, at) => `arn:${at.partition}:iam::${at.account}:role/${name}`],
  ["iam", "userName", (name, at) => `arn:${at.partition}:iam::${at.account}:user/${name}`],
  ["iam", "groupName", (name, at) => `arn:${at.partition}:iam::${at.account}:group/${name}`],
  ["iam", "policyName", (name, at) => `arn:${at.partition}:iam::${at.account}:policy/${name}`],
];

function inRegion(service: string, { partition, region, account }: Place, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** Event sources whose first label is not the IAM prefix. */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: "cloudwatch", email: "ses", tagging: "tag" };

const API_CALLS: ReadonlySet<string> = new Set(["AwsApiCall"]);

function agentOf(identity: JsonObject): string | undefined {
  const arn = textOf(identity.arn);
  return arn === undefined ? textOf(identity.userName) : arn.slice(arn.lastIndexOf("/") + 1);
}

function isArnOf(text: string, service: string): boolean {
  return /^arn:[a-z-]+:/.test(text) && text.split(":", 3)[2] === service;
}

function unique(arns: readonly string[]): CheckResource[] {
  return [...new Set(arns)].map((arn) => ({ arn }));
}

/** All texts in a value, but not endlessly deep. */
function* textsIn(value: unknown, depth = 0): Generator<string> {
  if (typeof value === "string") yield value;
  else if (depth < 4 && typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) yield* textsIn(member, depth + 1);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
