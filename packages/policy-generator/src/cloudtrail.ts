import type { ActivityRecord, Check, CheckResource, Marker } from "@iap/aws-core";
import { accessLevelOf } from "./access-level.ts";

/** What an operation needs, as far as it is known: the table of `@iap/action-resolver` says it. */
export interface TrailOperation {
  /** The IAM prefix. */
  readonly prefix: string;
  readonly marker?: Marker | undefined;
  readonly actions: readonly { readonly name: string; readonly hasResource: boolean }[];
}

export interface CloudTrailOptions {
  /** Finds an operation by the first label of the event source (`monitoring`), the event name, and the API version if told. */
  readonly operation: (source: string, name: string, apiVersion: string | undefined) => TrailOperation | undefined;
}

/**
 * A CloudTrail event as the two records of a request, or why it is none. Actions come from the table of operations;
 * resources from the event's `resources` and, for what is common, from its parameters; what neither tells is a pattern
 * that says so.
 */
export function recordsFromCloudTrail(event: unknown, { operation }: CloudTrailOptions): ActivityRecord[] | string {
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
  const known = operation(source, name, textOf(event.apiVersion));
  const prefix = known?.prefix ?? PREFIXES[source] ?? source;
  const region = textOf(event.awsRegion) ?? "";
  const account = textOf(event.recipientAccountId) ?? textOf(identity.accountId) ?? "";
  const facts: Facts = { event, prefix, region, account };
  const needed =
    known === undefined ? [{ name: `${prefix}:${name}`, hasResource: true }] : neededOf(known, name, facts);
  const checks = known?.marker === undefined ? needed.flatMap((action) => checksFor(action, facts)) : [];
  const errorCode = textOf(event.errorCode);
  const denied = errorCode !== undefined && /(?:AccessDenied|Unauthorized|NotAuthorized|Forbidden)/.test(errorCode);
  const arn = textOf(identity.arn);
  return [
    {
      ...{ v: 1, type: "decided", id, time: new Date(eventTime).toISOString(), run: "cloudtrail", mode: "record" },
      agent: agentOf(identity),
      accessKeyId: textOf(identity.accessKeyId),
      principalArn: arn,
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
  "CloudTrail does not log the use of iam:PassRole; it is taken from parameters that name a role, where the operation is known to need it. Other actions that an operation needs for some of its parameters (s3:PutObjectAcl of PutObject) are not taken.",
  "CloudTrail does not tell condition keys: conditions are not learned from it.",
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
    return i === 0 || (hasResource && resourcesFor(name, facts).some((resource) => "arn" in resource));
  });
}

function checksFor(
  { name, hasResource }: { readonly name: string; readonly hasResource: boolean },
  facts: Facts,
): Check[] {
  const resources: readonly CheckResource[] = hasResource ? resourcesFor(name, facts) : [{ none: true }];
  return resources.map((resource) => ({ action: name, resource, context: {}, authoritative: [] }));
}

function resourcesFor(action: string, { event, prefix, region, account }: Facts): CheckResource[] {
  const service = action.slice(0, action.indexOf(":"));
  const parameters = isObject(event.requestParameters) ? event.requestParameters : {};
  if (service === "s3") {
    const s3 = s3Resource(action, parameters, partitionOf(region));
    if (s3 !== undefined) return [s3];
  }
  const told = Array.isArray(event.resources) ? event.resources.filter(isObject) : [];
  const arns = [...told.map(({ ARN, arn }) => ARN ?? arn), ...textsIn(parameters)].filter(
    (text): text is string => typeof text === "string" && isArnOf(text, service),
  );
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
  return [{ pattern: "*", why: UNTOLD }];
}

const UNTOLD = "CloudTrail does not name the resource of this event";

function s3Resource(action: string, { bucketName, key }: JsonObject, partition: string): CheckResource | undefined {
  if (typeof bucketName !== "string" || bucketName === "") return undefined;
  const bucket = bucketName.startsWith("arn:") ? bucketName : `arn:${partition}:s3:::${bucketName}`;
  if (/^s3:(?:List(?:Bucket|AllMy)|(?:Get|Put|Create|Delete)Bucket)/.test(action)) return { arn: bucket };
  return { arn: typeof key === "string" && key !== "" ? `${bucket}/${key}` : bucket };
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

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
