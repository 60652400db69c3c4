import type { Check, CheckResource, Context } from "@iap/aws-core";
import type { Operation } from "./operation.ts";
import { decodePercent } from "./percent.ts";
import { type S3Target, sourceTarget } from "./s3-target.ts";
import { readXml } from "./xml-reader.ts";

/** Every value of an `x-amz-*` setting or query parameter, by lower-case name. */
export type S3Parameters = (name: string) => readonly string[];

type S3Check = Omit<Check, "authoritative">;

export interface S3ChecksInput {
  readonly operation: Operation;
  readonly target: S3Target;
  readonly key: string | undefined;
  readonly parameters: S3Parameters;
  readonly body: Uint8Array | undefined;
  readonly account: string | undefined;
  /** The role that the body hands over. */
  readonly role: string | undefined;
  /** Whether the body sets tags on a new bucket. */
  readonly tagsBucket: boolean;
}

/**
 * The checks of an S3 operation: its own actions, their version variants when `versionId` is there, and the further
 * ones that headers ask for. Reviewed against AWS's tables "API operations defined by Amazon S3" and "Required
 * permissions for Amazon S3 API operations". A string says why the request has two readings.
 */
export function s3Checks({
  operation,
  target,
  key,
  parameters,
  body,
  role,
  tagsBucket,
}: S3ChecksInput): readonly S3Check[] | string {
  const here = key === undefined ? target.bucket : target.object(key);
  if (operation.name === "WriteGetObjectResponse") return [check("s3-object-lambda:WriteGetObjectResponse", here)];
  if (target.session) return [check("s3express:CreateSession", target.bucket)];
  const own = (name: string): string => `${target.prefix}:${name}`;
  if (operation.name === "DeleteObjects") return deleteObjects(target, parameters, body);
  if (operation.name === "ListDirectoryBuckets") return [check("s3express:ListAllMyDirectoryBuckets", { none: true })];

  const versioned = has(parameters, "versionid");
  const checks: S3Check[] = [];
  for (const { name, hasResource } of operation.actions) {
    const plain = name.slice(name.indexOf(":") + 1);
    const action = versioned ? (versionActions[plain] ?? plain) : plain;
    if (name === "iam:PassRole") checks.push(passRole(role));
    else checks.push(check(name.startsWith("s3:") ? own(action) : name, hasResource ? here : { none: true }));
  }
  for (const [setting, action] of conditional[operation.name] ?? []) {
    if (isAsked(parameters, setting) && !checks.some((known) => known.action === own(action))) {
      checks.push(check(own(action), here));
    }
  }
  if (tagsBucket) checks.push(check(own("TagResource"), here));
  if (operation.name === "CopyObject" || operation.name === "UploadPartCopy") {
    const source = copySource(target, parameters);
    if (typeof source === "string") return source;
    checks.push(...source);
  }
  return checks;
}

/** The action that takes the place of another when a version is named. */
const versionActions: Readonly<Record<string, string>> = {
  GetObject: "GetObjectVersion",
  GetObjectAcl: "GetObjectVersionAcl",
  GetObjectAttributes: "GetObjectVersionAttributes",
  GetObjectTagging: "GetObjectVersionTagging",
  GetObjectTorrent: "GetObjectVersionTorrent",
  GetObjectAnnotation: "GetObjectVersionAnnotation",
  ListObjectAnnotations: "ListObjectVersionAnnotations",
  PutObjectAcl: "PutObjectVersionAcl",
  PutObjectTagging: "PutObjectVersionTagging",
  PutObjectAnnotation: "PutObjectVersionAnnotation",
  DeleteObject: "DeleteObjectVersion",
  DeleteObjectTagging: "DeleteObjectVersionTagging",
  DeleteObjectAnnotation: "DeleteObjectVersionAnnotation",
};

const grants = [
  "x-amz-acl",
  "x-amz-grant-read",
  "x-amz-grant-write",
  "x-amz-grant-read-acp",
  "x-amz-grant-write-acp",
  "x-amz-grant-full-control",
];
const written: readonly (readonly [string, string])[] = [
  ...grants.map((name) => [name, "PutObjectAcl"] as const),
  ["x-amz-tagging", "PutObjectTagging"],
  ["x-amz-object-lock-mode", "PutObjectRetention"],
  ["x-amz-object-lock-retain-until-date", "PutObjectRetention"],
  ["x-amz-object-lock-legal-hold", "PutObjectLegalHold"],
];
const bypass = ["x-amz-bypass-governance-retention", "BypassGovernanceRetention"] as const;
const switches: ReadonlySet<string> = new Set([bypass[0], "x-amz-bucket-object-lock-enabled"]);

/** Settings that need a further action on the same resource. */
const conditional: Readonly<Record<string, readonly (readonly [setting: string, action: string])[]>> = {
  PutObject: written,
  CopyObject: written,
  CreateMultipartUpload: written,
  DeleteObject: [bypass],
  PutObjectRetention: [bypass],
  CreateBucket: [
    ...grants.map((name) => [name, "PutBucketAcl"] as const),
    ["x-amz-bucket-object-lock-enabled", "PutBucketObjectLockConfiguration"],
    ["x-amz-bucket-object-lock-enabled", "PutBucketVersioning"],
    ["x-amz-object-ownership", "PutBucketOwnershipControls"],
  ],
};

/** The settings that checks rest on. */
export const s3CheckParameters: readonly string[] = [
  ...new Set(Object.values(conditional).flatMap((settings) => settings.map(([setting]) => setting))),
  "x-amz-copy-source",
  "versionid",
];

/** PutBucketReplication hands the role in its body to S3. */
function passRole(role: string | undefined): S3Check {
  const resource: CheckResource = role?.startsWith("arn:")
    ? { arn: role }
    : { pattern: "*", why: "the body does not name the role by its ARN" };
  return { action: "iam:PassRole", resource, context: { "iam:PassedToService": "s3.amazonaws.com" } };
}

function check(action: string, resource: CheckResource, context: Context = {}): S3Check {
  return { action, resource, context };
}

function has(parameters: S3Parameters, name: string): boolean {
  return parameters(name).length > 0;
}

/** A setting is asked for when it is there, and, if it is a switch, not switched off. */
function isAsked(parameters: S3Parameters, name: string): boolean {
  return parameters(name).some((value) => !switches.has(name) || value.trim().toLowerCase() !== "false");
}

/** What a copy reads: `x-amz-copy-source`, percent-encoded, `?versionId=` behind it. */
function copySource(target: S3Target, parameters: S3Parameters): readonly S3Check[] | string {
  const [raw = ""] = parameters("x-amz-copy-source");
  const mark = raw.indexOf("?");
  const query = mark < 0 ? "" : raw.slice(mark + 1);
  if (mark >= 0 && !/^versionId=[^?&]+$/.test(query)) return "x-amz-copy-source has a query that is not versionId";
  const path = (mark < 0 ? raw : raw.slice(0, mark)).replace(/^\//, "");
  const action = mark < 0 ? "GetObject" : "GetObjectVersion";
  const checks: S3Check[] = [];
  // Whether S3 takes a bare plus sign for a space is not documented: both keys must be allowed.
  for (const form of new Set([path, path.replaceAll("+", "%20")])) {
    const decoded = decodePercent(form);
    const source = decoded === undefined ? undefined : sourceTarget(target.partition, decoded);
    if (source === undefined) return "x-amz-copy-source is not a bucket and key";
    checks.push(check(`${source.prefix}:${action}`, source.resource));
  }
  return checks;
}

/** One check a key: DeleteObjectVersion where a version is named. */
function deleteObjects(
  target: S3Target,
  parameters: S3Parameters,
  body: Uint8Array | undefined,
): readonly S3Check[] | string {
  if (has(parameters, "content-encoding")) return "the body of DeleteObjects has a Content-Encoding";
  if (body === undefined) return "the body was not read, and names the keys";
  const objects = readDelete(body);
  if (typeof objects === "string") return objects;
  const bypassed = isAsked(parameters, bypass[0]);
  const checks: S3Check[] = [];
  for (const { key, versioned } of objects) {
    const resource = target.object(key);
    checks.push(check(`${target.prefix}:${versioned ? "DeleteObjectVersion" : "DeleteObject"}`, resource));
    if (bypassed) checks.push(check(`${target.prefix}:${bypass[1]}`, resource));
  }
  return checks;
}

const objectMembers = new Set(["Key", "VersionId", "ETag", "LastModifiedTime", "Size"]);

function readDelete(body: Uint8Array): readonly { readonly key: string; readonly versioned: boolean }[] | string {
  try {
    const root = readXml(body);
    if (root.name !== "Delete") throw new SyntaxError("the root is not Delete");
    const objects: { key: string; versioned: boolean }[] = [];
    for (const child of root.children) {
      if (child.name === "Quiet") continue;
      if (child.name !== "Object") throw new SyntaxError(`${child.name} is not expected in Delete`);
      const names = child.children.map(({ name }) => name);
      if (new Set(names).size !== names.length) throw new SyntaxError("an Object names a member twice");
      if (names.some((name) => !objectMembers.has(name)))
        throw new SyntaxError("an Object has a member that is not known");
      if (child.children.some(({ children }) => children.length > 0)) throw new SyntaxError("a member holds elements");
      const key = child.children.find(({ name }) => name === "Key")?.text;
      if (!key) throw new SyntaxError("an Object has no Key");
      objects.push({ key, versioned: names.includes("VersionId") });
    }
    if (objects.length === 0) throw new SyntaxError("no Object to delete");
    // AWS takes 1000 keys at most.
    if (objects.length > 1000) throw new SyntaxError("more than 1000 keys");
    return objects;
  } catch (error) {
    return `the body of DeleteObjects cannot be read: ${(error as Error).message}`;
  }
}
