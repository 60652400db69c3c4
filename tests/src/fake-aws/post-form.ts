import { createHmac } from "node:crypto";
import type { RealCredentials } from "./signature-oracle.ts";
import type { WireRequest } from "./wire-request.ts";

export type PostVerdict =
  | { readonly valid: true; readonly key: string; readonly file: Buffer }
  | { readonly valid: false; readonly why: string };

/** Whether a request is a browser's upload to S3: multipart/form-data, signed in its fields. */
export function isPostForm({ method, headers }: WireRequest): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return method === "POST" && type?.startsWith("multipart/form-data") === true;
}

/**
 * Judges an upload by https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html: the real key's signature
 * over the policy, each field as the policy wants it.
 */
export function judgePostForm(
  wire: WireRequest,
  { accessKeyId, secretAccessKey, sessionToken }: RealCredentials,
): PostVerdict {
  const refused = (why: string): PostVerdict => ({ valid: false, why });
  const { fields, file } = parse(wire);
  const policy = fields.get("policy") ?? "";
  const [keyId, day = "", region = "", service = "", last] = (fields.get("x-amz-credential") ?? "").split("/");
  if (keyId !== accessKeyId || service !== "s3" || last !== "aws4_request") return refused("not the real key's form");
  if (fields.get("x-amz-security-token") !== sessionToken) return refused("not the real token");
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = [region, service, "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day));
  if (hmac(key, policy).toString("hex") !== fields.get("x-amz-signature")) return refused("the policy's signature");
  const document = JSON.parse(Buffer.from(policy, "base64").toString("utf8")) as {
    readonly expiration: string;
    readonly conditions: readonly (Readonly<Record<string, string>> | readonly [string, string, string])[];
  };
  if (!(Date.parse(document.expiration) > Date.now())) return refused("the policy has expired");
  const covered = new Set(["policy", "x-amz-signature"]);
  for (const condition of document.conditions) {
    const triples = Array.isArray(condition)
      ? [condition as readonly [string, string, string]]
      : Object.entries(condition).map(([name, value]) => ["eq", `$${name}`, value] as const);
    for (const [operator, name, value] of triples) {
      if (operator === "content-length-range") {
        if (file.length < Number(name) || file.length > Number(value)) return refused("the file's length");
        continue;
      }
      const field = name.slice(1).toLowerCase();
      covered.add(field);
      const actual = field === "bucket" ? value : (fields.get(field) ?? "");
      if (operator === "eq" ? actual !== value : !actual.startsWith(value)) return refused(`the condition on ${field}`);
    }
  }
  const extra = [...fields.keys()].find((name) => !covered.has(name));
  if (extra !== undefined) return refused(`the field ${extra}, which no condition names`);
  return { valid: true, key: fields.get("key") ?? "", file };
}

function parse({ headers, body }: WireRequest): { fields: ReadonlyMap<string, string>; file: Buffer } {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? "";
  const fields = new Map<string, string>();
  let file = Buffer.alloc(0);
  for (const part of body.toString("latin1").split(`--${boundary}`).slice(1, -1)) {
    const split = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/.exec(part.slice(0, split))?.[1]?.toLowerCase() ?? "";
    const value = part.slice(split + 4, -2);
    if (name === "file") file = Buffer.from(value, "latin1");
    else fields.set(name, Buffer.from(value, "latin1").toString("utf8"));
  }
  return { fields, file };
}
