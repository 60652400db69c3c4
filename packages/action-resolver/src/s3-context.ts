import { type ContextValue, type Endpoint, headerValue, type RequestHead } from "@iap/aws-core";
import { type QueryString, readQueryString } from "./query-string.ts";
import type { S3Body } from "./s3-body.ts";
import type { S3Parameters } from "./s3-checks.ts";

/** Keys of a check and those of them that are known completely. */
export interface S3Context {
  readonly context: Readonly<Record<string, ContextValue>>;
  readonly authoritative: readonly string[];
}

/**
 * The condition keys of an S3 action in a request (Service Authorization Reference, "Condition keys for Amazon S3"): from headers, the query of a
 * presigned URL, the host and, for tags, locks and locations, the body. Existing tags, the owner of the bucket, the age of the signature and TLS are not
 * in the request: unknown.
 */
export function s3Context(
  action: string,
  operation: string,
  parameters: S3Parameters,
  {
    request,
    endpoint,
    query,
    body,
  }: {
    readonly request: RequestHead;
    readonly endpoint: Endpoint;
    readonly query: QueryString;
    readonly body: S3Body;
  },
): S3Context {
  const context: Record<string, ContextValue> = {};
  const authoritative: string[] = [];
  const put = (key: string, value: ContextValue | undefined): void => {
    authoritative.push(key);
    if (value !== undefined) context[key] = value;
  };
  const [prefix = "s3", name = ""] = action.split(":");
  for (const key of headerKeys[name] ?? []) put(`s3:${key}`, text(parameters(parameterNames[key] ?? key)));
  for (const [key, parameter] of Object.entries(queryKeys[name] ?? {})) {
    const value = query.find(([one]) => one === parameter)?.[1];
    put(
      `s3:${key}`,
      value === undefined ? undefined : /^max-/.test(key) && /^\d+$/.test(value) ? Number(value) : value,
    );
  }
  // The versions of a batch and of a copy's source stand elsewhere; whether AWS has the key for them is not documented.
  const version = text(parameters("versionid"));
  if (versioned.test(name) && version !== undefined) put("s3:versionid", version);
  if (name === "PutObject") {
    put("s3:ObjectCreationOperation", !/^(?:CreateMultipartUpload|UploadPart|UploadPartCopy)$/.test(operation));
    putTags(tagsOfHeader(parameters), put);
  }
  if (/^PutObject(?:Version)?Tagging$/.test(name)) {
    const own = /^PutObjectTagging$/.test(operation);
    putTags(own ? body.tags : tagsOfHeader(parameters), put);
  }
  if (name === "PutObjectRetention" && operation === name && body.retention !== undefined) {
    put("s3:object-lock-mode", body.retention.mode);
    put("s3:object-lock-retain-until-date", body.retention.until);
  } else if (name === "PutObjectRetention" && operation !== name) {
    put("s3:object-lock-mode", text(parameters("x-amz-object-lock-mode")));
    put("s3:object-lock-retain-until-date", text(parameters("x-amz-object-lock-retain-until-date")));
  }
  if (name === "PutObjectLegalHold") {
    if (operation !== name) put("s3:object-lock-legal-hold", text(parameters("x-amz-object-lock-legal-hold")));
    else if (body.legalHold !== undefined) put("s3:object-lock-legal-hold", body.legalHold);
  }
  if (name === "CreateBucket" && body.bucket !== undefined) put("s3:locationconstraint", body.bucket.location);
  authoritative.push("aws:RequestTag/*", "aws:TagKeys");
  const tags = name === "CreateBucket" || name === "TagResource" ? (body.bucket?.tags ?? []) : [];
  for (const [key, value] of tags) context[`aws:RequestTag/${key}`] = value;
  if (tags.length > 0) context["aws:TagKeys"] = tags.map(([key]) => key);
  const signedInQuery = query.some(([one]) => one === "X-Amz-Signature");
  const authorization = headerValue(request.headers, "authorization");
  const algorithm = signedInQuery
    ? query.find(([one]) => one === "X-Amz-Algorithm")?.[1]
    : authorization?.split(" ", 1)[0];
  if (signedInQuery || authorization !== undefined) {
    put("s3:authType", signedInQuery ? "REST-QUERY-STRING" : "REST-HEADER");
    put("s3:signatureversion", algorithm);
  }
  put("s3:x-amz-content-sha256", text(parameters("x-amz-content-sha256")));
  const { s3, region, partition } = endpoint;
  if (s3?.style === "accessPoint") {
    put("s3:DataAccessPointAccount", s3.account);
    put("s3:DataAccessPointArn", `arn:${partition}:s3:${region}:${s3.account}:accesspoint/${s3.accessPoint}`);
  }
  // What is not read-only is ReadWrite; of a request in a session the mode is not known.
  if (operation === "CreateSession")
    put("s3:SessionMode", text(parameters("x-amz-create-session-mode")) ?? "ReadWrite");
  if (prefix === "s3") return { context, authoritative };
  return {
    context: Object.fromEntries(Object.entries(context).map(([key, value]) => [ofService(key, prefix), value])),
    authoritative: authoritative.map((key) => ofService(key, prefix)),
  };
}

/** Directory buckets, Outposts and Object Lambda have the keys of S3 under their own prefixes. */
function ofService(key: string, prefix: string): string {
  return key.startsWith("s3:") ? `${prefix}:${key.slice(3)}` : key;
}

function text(values: readonly string[]): string | undefined {
  return values[0];
}

/** The tags of `x-amz-tagging`; undefined when it cannot be read. */
function tagsOfHeader(parameters: S3Parameters): QueryString | undefined {
  return readQueryString(text(parameters("x-amz-tagging")) ?? "");
}

/** Whether `x-amz-tagging` sets a tag twice, which S3 refuses. */
export function setsTagTwice(parameters: S3Parameters): boolean {
  const names = (tagsOfHeader(parameters) ?? []).map(([key]) => key);
  return new Set(names).size < names.length;
}

function putTags(tags: QueryString | undefined, put: (key: string, value: ContextValue | undefined) => void): void {
  if (tags === undefined) return;
  for (const [key, value] of tags) put(`s3:RequestObjectTag/${key}`, value);
  put("s3:RequestObjectTag/*", undefined);
  put("s3:RequestObjectTagKeys", tags.length === 0 ? undefined : tags.map(([key]) => key));
}

const grantKeys = [
  "x-amz-acl",
  "x-amz-grant-full-control",
  "x-amz-grant-read",
  "x-amz-grant-read-acp",
  "x-amz-grant-write",
  "x-amz-grant-write-acp",
];

/** By action: the keys that a header (or a parameter of a presigned URL) of the same name gives. */
const headerKeys: Readonly<Record<string, readonly string[]>> = {
  PutObject: [
    ...grantKeys,
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-object-annotation-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "object-lock-mode",
    "object-lock-retain-until-date",
    "object-lock-legal-hold",
    "if-match",
    "if-none-match",
  ],
  DeleteObject: ["if-match"],
  PutObjectAcl: grantKeys,
  PutObjectVersionAcl: grantKeys,
  PutBucketAcl: grantKeys,
  CreateBucket: [...grantKeys, "x-amz-object-ownership", "x-amz-bucket-namespace"],
  PutObjectAnnotation: ["x-amz-object-if-match"],
  DeleteObjectAnnotation: ["x-amz-object-if-match"],
};

/** Keys whose header is called otherwise. */
const parameterNames: Readonly<Record<string, string>> = {
  "object-lock-mode": "x-amz-object-lock-mode",
  "object-lock-retain-until-date": "x-amz-object-lock-retain-until-date",
  "object-lock-legal-hold": "x-amz-object-lock-legal-hold",
};

/** The settings that condition keys rest on. */
export const s3ContextParameters: readonly string[] = [
  ...new Set(Object.values(headerKeys).flatMap((keys) => keys.map((key) => parameterNames[key] ?? key))),
  "x-amz-tagging",
  "x-amz-create-session-mode",
];

const list = { prefix: "prefix", delimiter: "delimiter", "max-keys": "max-keys" };
const queryKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ListBucket: list,
  ListBucketVersions: list,
};

const versioned = /^(?:Get|Put|Delete|List)Object.*Version/;
