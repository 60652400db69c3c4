import { AwsError } from "@iap/aws-core";
import type { PostPolicyDocument } from "@iap/sigv4";

/** The policy of an S3 POST form, read. */
export interface PostPolicy {
  readonly document: PostPolicyDocument;
  readonly expiration: Date;
  readonly conditions: readonly PostCondition[];
  /** How long the file may be, in bytes, if the policy says. */
  readonly contentLength?: { readonly min: number; readonly max: number } | undefined;
}

export interface PostCondition {
  readonly operator: "eq" | "starts-with";
  /** In lower case, without `$`. */
  readonly field: string;
  readonly value: string;
  /** As it stands in the document. */
  readonly source: unknown;
}

/**
 * Reads a policy document: base64 of JSON. Throws `InvalidPolicyDocument` for what S3 does not take for one. See "POST
 * policy" in the S3 API reference.
 */
export function parsePostPolicy(base64: string): PostPolicy {
  if (!/^[A-Za-z0-9+/\r\n]+={0,2}$/.test(base64)) throw invalid("it is not base64");
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64")));
  } catch {
    throw invalid("it is not JSON in UTF-8");
  }
  if (typeof document !== "object" || document === null) throw invalid("it is not an object");
  const { expiration, conditions, ...others } = document as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`it has the member "${unknown}"`);
  if (!Array.isArray(conditions)) throw invalid("conditions is not a list");
  const read = conditions.map(readCondition);
  const ranges = read.flatMap((each) => ("max" in each ? [each] : []));
  return {
    document: { expiration: expiration as string, conditions },
    expiration: readExpiration(expiration),
    conditions: read.flatMap((each) => ("max" in each ? [] : each)),
    ...(ranges.length === 0
      ? {}
      : { contentLength: { min: Math.max(...ranges.map(min)), max: Math.min(...ranges.map(max)) } }),
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
}
const min = (range: Range): number => range.min;
const max = (range: Range): number => range.max;

function readExpiration(value: unknown): Date {
  const text = typeof value === "string" ? value : "";
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) ? new Date(text) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw invalid("expiration is not a date of the form YYYY-MM-DDTHH:MM:SS.sssZ");
  }
  return date;
}

function readCondition(source: unknown): readonly PostCondition[] | Range {
  if (Array.isArray(source)) return readTriple(source);
  if (typeof source !== "object" || source === null) throw invalid("a condition is neither a list nor an object");
  return Object.entries(source).map(([field, value]) => {
    if (typeof value !== "string") throw invalid(`the condition on "${field}" is not a text`);
    return { operator: "eq", field: field.toLowerCase(), value, source };
  });
}

function readTriple(source: readonly unknown[]): readonly PostCondition[] | Range {
  const [operator, field, value] = source;
  if (source.length !== 3) throw invalid("a condition is not a list of three");
  if (operator === "content-length-range") return { min: bytes(field), max: bytes(value) };
  if (operator !== "eq" && operator !== "starts-with") throw invalid("a condition's operator is unknown");
  if (typeof field !== "string" || !field.startsWith("$") || typeof value !== "string") {
    throw invalid("a condition is not on a $field and a text");
  }
  return [{ operator, field: field.slice(1).toLowerCase(), value, source }];
}

function bytes(value: unknown): number {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  if (!/^\d{1,15}$/.test(text)) throw invalid("content-length-range is not of two numbers");
  return Number(text);
}

function invalid(why: string): AwsError {
  return new AwsError("InvalidPolicyDocument", `Invalid Policy: ${why}.`);
}

/** Fields that no condition need cover, by lower-case name. */
const UNCOVERED: ReadonlySet<string> = new Set(["policy", "x-amz-signature", "signature", "awsaccesskeyid", "file"]);

/**
 * Holds a form's fields (by lower-case name) against its policy as S3 does: not expired, every condition met, every field
 * covered by one. Throws `AccessDenied` in S3's words. The length of the file is judged when it is known.
 */
export function checkPostPolicy(
  { expiration, conditions }: PostPolicy,
  fields: ReadonlyMap<string, string>,
  now: Date,
): void {
  if (expiration.getTime() <= now.getTime()) throw denied("Policy expired.");
  const covered = new Set<string>();
  for (const { operator, field, value, source } of conditions) {
    covered.add(field);
    const actual = fields.get(field) ?? "";
    if (!holds(operator, field, actual, value)) throw denied(`Policy Condition failed: ${JSON.stringify(source)}`);
  }
  for (const field of fields.keys()) {
    if (!covered.has(field) && !UNCOVERED.has(field) && !field.startsWith("x-ignore-") && field !== "bucket") {
      throw denied(`Extra input fields: ${field}`);
    }
  }
}

function holds(operator: PostCondition["operator"], field: string, actual: string, value: string): boolean {
  if (operator === "eq") return actual === value;
  // Of several content types each must begin so.
  const each = field === "content-type" ? actual.split(",") : [actual];
  return each.every((one, i) => (i === 0 ? one : one.trimStart()).startsWith(value));
}

function denied(why: string): AwsError {
  return new AwsError("AccessDenied", `Invalid according to Policy: ${why}`);
}
