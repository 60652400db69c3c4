import { timingSafeEqual } from "node:crypto";
import { type AgentKey, AwsError, type KeyRing, type RequestHead, splitTarget } from "@iap/aws-core";
import {
  ALGORITHM,
  formatAmzDate,
  keyFor,
  type PostPolicyDocument,
  parseAmzDate,
  type SigningKeys,
  type SignPostPolicyOptions,
  signatureV2,
  signPostPolicy,
  uriEncode,
  verifySignatureOf,
} from "@iap/sigv4";
import { authenticate } from "./authenticate.ts";
import type { Authorization } from "./authorization.ts";
import { malformed } from "./authorization-error.ts";
import type { BodyFilter } from "./body-filter.ts";
import { bucketEndpoint } from "./bucket-endpoint.ts";
import type { PostForm } from "./post-form.ts";
import { PostFormFilter } from "./post-form-filter.ts";
import { checkPostPolicy, type PostPolicy, parsePostPolicy } from "./post-policy.ts";
import { checkAccessKeyId, parseCredential, parseSignature } from "./signature-parts.ts";
import { s3Endpoint } from "./signature-v2-authorization.ts";
import { mismatch } from "./verify-signature.ts";

export interface VerifyPostFormOptions {
  /** Whose signatures count. */
  readonly keys: KeyRing;
  /** The instant by which the key and the policy are judged. */
  readonly now: Date;
  /** Keys derived before; without it, a key is derived for this form alone. */
  readonly signingKeys?: SigningKeys | undefined;
}

/** An S3 POST form that an agent key has signed, and whose fields meet its policy. */
export interface VerifiedPostForm {
  readonly form: PostForm;
  readonly authorization: Authorization;
  readonly key: AgentKey;
  readonly policy: PostPolicy;
  /** The upload as the PutObject it amounts to: what it does, in terms a policy knows. It is not what goes on. */
  readonly equivalent: RequestHead;
  /** Checks the rest of the body, and passes it on behind `head` in place of what stood before the file. */
  filter(head?: Uint8Array | undefined): BodyFilter;
}

/**
 * Verifies the fields of an S3 POST form: the signature over its policy, key, token, expiration, and every condition as
 * S3 would. The file is checked by the filter of the result. Throws `AwsError`: `MissingAuthentication` without a policy,
 * `HeadersNotSigned` for `x-amz-*` headers, which nothing signs, `InvalidPolicyDocument`, `AccessDenied` in S3's words for what
 * does not meet the policy, `InvalidRequest` for what is no upload or has two readings, and those of `verify`.
 */
export function verifyPostForm(head: RequestHead, form: PostForm, options: VerifyPostFormOptions): VerifiedPostForm {
  const { keys, now, signingKeys } = options;
  checkHeaders(head);
  const fields = fieldsOf(head, form);
  const policyText = fields.get("policy");
  if (policyText === undefined) {
    throw new AwsError("MissingAuthentication", "The POST form is not signed: it has no policy field.");
  }
  const authorization = fields.has("awsaccesskeyid") ? v2Authorization(head, fields) : v4Authorization(fields);
  const key = authenticate(authorization, { keys, now });
  checkSignature(policyText, authorization, key, signingKeys);
  const policy = parsePostPolicy(policyText);
  checkPostPolicy(policy, fields, now);
  const { boundary, length } = form;
  const { contentLength } = policy;
  return {
    form,
    authorization,
    key,
    policy,
    equivalent: putObject(head, fields),
    filter: (replacement) =>
      new PostFormFilter({ boundary, headLength: length, head: replacement, contentLength: contentLength }),
  };
}

/** Nothing signs the headers of a form: settings stand in its fields, under its policy. */
function checkHeaders({ headers }: RequestHead): void {
  const unsigned = headers.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith("x-amz-"));
  if (unsigned.length === 0) return;
  throw new AwsError("HeadersNotSigned", "There were headers present in the request which were not signed", {
    details: { HeadersNotSigned: unsigned.join(", ") },
  });
}

/**
 * The same fields, authenticated by other credentials: what takes the place of the form up to its file. The policy keeps
 * its expiration and its conditions, but for those on the credentials.
 */
export function resignPostForm(
  { form, policy }: Pick<VerifiedPostForm, "form" | "policy">,
  options: SignPostPolicyOptions,
): Uint8Array {
  const document: PostPolicyDocument = {
    expiration: policy.document.expiration,
    conditions: policy.document.conditions.flatMap(withoutCredentials),
  };
  const kept = form.fields.filter(({ name }) => !AUTH_FIELDS.has(name.toLowerCase())).map(({ raw }) => raw);
  const signed = signPostPolicy(document, options).map(([name, value]) =>
    Buffer.from(`--${form.boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`, "latin1"),
  );
  const line = Buffer.from("\r\n");
  return Buffer.concat([...[...kept, ...signed].flatMap((part) => [part, line]), form.fileHead]);
}

/** The fields that authenticate a form, in both versions, by lower-case name. */
const AUTH_FIELDS: ReadonlySet<string> = new Set([
  "policy",
  "x-amz-algorithm",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-security-token",
  "x-amz-signature",
  "awsaccesskeyid",
  "signature",
]);

function withoutCredentials(condition: unknown): readonly unknown[] {
  if (Array.isArray(condition)) {
    const field = typeof condition[1] === "string" ? condition[1].replace(/^\$/, "").toLowerCase() : "";
    return AUTH_FIELDS.has(field) ? [] : [condition];
  }
  const kept = Object.entries(condition as object).filter(([field]) => !AUTH_FIELDS.has(field.toLowerCase()));
  return kept.length === 0 ? [] : [Object.fromEntries(kept)];
}

/** What stands for the file's own name in any field. */
const FILENAME = "$".concat("{filename}");

/**
 * The fields by lower-case name, `${filename}` put in, and the bucket, which the host or path names. Where the file has no
 * name, S3's documents have nothing put in, and S3 has been seen to leave it as it stands: two readings.
 */
function fieldsOf(head: RequestHead, { fields, filename }: PostForm): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const { bucket } = location(head);
  const last = filename?.slice(Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1);
  for (const { name, value } of fields) {
    const variable = !AUTH_FIELDS.has(name.toLowerCase()) && value.includes(FILENAME);
    if (variable && last === undefined) {
      throw new AwsError(
        "InvalidRequest",
        `The POST form's ${name} holds ${FILENAME}, but its file has no name, or two.`,
      );
    }
    found.set(name.toLowerCase(), variable ? value.replaceAll(FILENAME, () => last ?? "") : value);
  }
  const named = found.get("bucket");
  if (named !== undefined && named !== bucket) {
    throw new AwsError("InvalidRequest", "The POST form names another bucket than its host or path.");
  }
  found.set("bucket", bucket);
  return found;
}

function location(head: RequestHead): { readonly bucket: string; readonly prefix: string } {
  const endpoint = bucketEndpoint(head.host);
  const bucket = endpoint?.s3?.bucket;
  const { path, query } = splitTarget(head.target);
  const wrong = new AwsError(
    "InvalidRequest",
    "A POST form goes to a bucket, with the key in its fields and no query.",
  );
  if (endpoint === undefined || query !== undefined) throw wrong;
  if (bucket !== undefined) {
    if (path !== "/") throw wrong;
    return { bucket, prefix: "" };
  }
  const found = /^\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/.exec(path);
  if (found === null) throw wrong;
  return { bucket: found[1] as string, prefix: `/${found[1]}` };
}

function v4Authorization(fields: ReadonlyMap<string, string>): Authorization {
  const required = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw malformed(`the form has no ${name}`);
    return value;
  };
  if (required("x-amz-algorithm") !== ALGORITHM) throw malformed(`x-amz-algorithm is not ${ALGORITHM}`);
  const { accessKeyId, scope } = parseCredential(required("x-amz-credential"), ALGORITHM);
  const amzDate = required("x-amz-date");
  const date = parseAmzDate(amzDate);
  if (date === undefined) throw malformed("x-amz-date is not a date of the form YYYYMMDDTHHMMSSZ");
  if (scope.date !== amzDate.slice(0, 8)) {
    throw malformed(`the credential scope is of ${scope.date}, but the form was signed on ${amzDate.slice(0, 8)}`);
  }
  if (scope.service !== "s3") throw malformed("a POST form is signed for s3");
  const signature = parseSignature(required("x-amz-signature"), ALGORITHM);
  return authorizationOf({ algorithm: ALGORITHM, accessKeyId, scope, signature, date, amzDate }, fields);
}

/** Older clients (boto3 in the regions that know it) sign the policy with Signature Version 2. */
function v2Authorization(head: RequestHead, fields: ReadonlyMap<string, string>): Authorization {
  if (fields.has("x-amz-credential")) throw malformed("the form has both AWSAccessKeyId and x-amz-credential");
  const accessKeyId = fields.get("awsaccesskeyid") ?? "";
  checkAccessKeyId(accessKeyId);
  const signature = fields.get("signature") ?? "";
  if (!/^[A-Za-z0-9+/]{27}=$/.test(signature)) throw malformed("signature is not an HMAC-SHA1 in base64");
  const date = new Date(0);
  const amzDate = formatAmzDate(date);
  const scope = { date: amzDate.slice(0, 8), region: s3Endpoint(head.host).region, service: "s3" };
  return authorizationOf({ algorithm: "AWS", accessKeyId, scope, signature, date, amzDate }, fields);
}

function authorizationOf(
  parts: Pick<Authorization, "algorithm" | "accessKeyId" | "scope" | "signature" | "date" | "amzDate">,
  fields: ReadonlyMap<string, string>,
): Authorization {
  const sessionToken = fields.get("x-amz-security-token");
  return { form: "form", ...parts, signedHeaders: [], sessionToken, payload: { kind: "unsigned" } };
}

function checkSignature(
  policy: string,
  authorization: Authorization,
  { credentials }: AgentKey,
  signingKeys: SigningKeys | undefined,
): void {
  const { algorithm, scope, signature } = authorization;
  if (algorithm === "AWS") {
    const expected = Buffer.from(signatureV2(credentials.secretAccessKey, policy), "latin1");
    const provided = Buffer.from(signature, "latin1");
    if (expected.length !== provided.length || !timingSafeEqual(expected, provided)) {
      throw mismatch(authorization, policy);
    }
  } else if (!verifySignatureOf(keyFor(credentials, scope, algorithm, signingKeys), policy, signature)) {
    throw mismatch(authorization, policy);
  }
}

function putObject(head: RequestHead, fields: ReadonlyMap<string, string>): RequestHead {
  const key = fields.get("key");
  if (key === undefined || key === "") throw new AwsError("InvalidRequest", "The POST form has no key field.");
  const { prefix } = location(head);
  const path = uriEncode(Buffer.from(key, "utf8").toString("latin1"), true);
  const headers: [string, string][] = [["Host", head.host]];
  for (const [name, value] of fields) {
    if (AUTH_FIELDS.has(name)) continue;
    const header = name === "acl" ? "x-amz-acl" : name;
    if (name === "tagging") headers.push(["x-amz-tagging", tagging(value)]);
    else if (header.startsWith("x-amz-") || HEADER_FIELDS.has(header)) {
      headers.push([header, headerValueOf(name, value)]);
    }
  }
  return { httpVersion: head.httpVersion, method: "PUT", target: `${prefix}/${path}`, headers, host: head.host };
}

/** A field as the header it stands for, which has no blanks around its value and no control characters in it (RFC 9110 section 5.5). */
function headerValueOf(name: string, value: string): string {
  const text = value.trim();
  if (/\p{Cc}/u.test(text)) {
    throw new AwsError(
      "InvalidRequest",
      `The POST form's ${name} has control characters, as no header's value may have.`,
    );
  }
  return Buffer.from(text, "utf8").toString("latin1");
}

const HEADER_FIELDS: ReadonlySet<string> = new Set([
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-type",
  "expires",
]);

/** A form has the tags as XML, where the header has them as a query. */
function tagging(xml: string): string {
  const text = (part: string): string => uriEncode(Buffer.from(unescapeXml(part), "utf8").toString("latin1"), false);
  const whole = TAGGING.exec(xml);
  if (whole === null) {
    throw new AwsError(
      "InvalidRequest",
      "The POST form's tagging is not a Tagging document in UTF-8 of tags with a key and a value.",
    );
  }
  return [...(whole[1] ?? "").matchAll(TAG)].map(([, key = "", value = ""]) => `${text(key)}=${text(value)}`).join("&");
}

/** Text with XML's own entities alone: what refers to a character by its number is refused, not read as it stands. */
const TEXT = "((?:[^<&]|&(?:lt|gt|quot|apos|amp);)*)";
const TAG = new RegExp(`<Tag>\\s*<Key>${TEXT}</Key>\\s*<Value>${TEXT}</Value>\\s*</Tag>\\s*`, "g");
// Each piece ends at the first `<`, so that there is one way to read it, and the time it takes is as its length.
const TAGGING = new RegExp(
  `^\\s*(?:<\\?xml version=["']1\\.0["'](?: encoding=["'][Uu][Tt][Ff]-8["'])?(?: standalone=["'](?:yes|no)["'])?\\s*\\?>\\s*)?<Tagging(?:\\s[^<>]*)?>\\s*<TagSet>\\s*((?:${TAG.source})*)</TagSet>\\s*</Tagging>\\s*$`,
);

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
