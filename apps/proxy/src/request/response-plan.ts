import { gunzipSync } from "node:zlib";
import { AwsError, type Credentials, headerValue } from "@iap/aws-core";
import type { Answer, ResponseHead, ResponsePlan } from "@iap/interceptor";
import { type VirtualResponseOptions, virtualResponsePlan } from "../virtual/virtual-response-plan.ts";

/** The longest error body that is looked into; AWS's are a few kilobytes. */
const maxErrorBytes = 65_536;

/** EC2's refusal of a key or signature; it uses the same code for what the principal may not see. */
const ec2Refusal = "validate the provided access credentials";

/** Codes with which AWS refuses our own signature, key or token. Their bodies may echo the session token. */
const signatureErrors = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "InvalidToken",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
  "UnrecognizedClientException",
]);

export interface ResponsePlanOptions {
  /** What the request was signed with; undefined for an unsigned one. */
  readonly credentials: Credentials | undefined;
  /** Whether these are of a session that the agent got from AWS, and can ask for anew. */
  readonly session?: boolean | undefined;
  /** How credentials in the answer are replaced, if it is one that carries them. */
  readonly replacement?: Omit<VirtualResponseOptions, "render"> | undefined;
  /** Renders an error of ours for the client. */
  readonly render: (error: AwsError) => Answer;
  /** The clock, to compare with AWS's. */
  readonly now: () => Date;
  /** Told the error code of AWS's answer. */
  readonly onErrorCode: (code: string) => void;
}

/**
 * What becomes of upstream's answer: streamed, but for errors, which are looked into first. When AWS refuses the
 * proxy's own signature, its answer shows the canonical request with the real session token, so ours replaces it.
 */
export function responsePlan(options: ResponsePlanOptions): (head: ResponseHead) => ResponsePlan {
  return (head) => plan(head, options);
}

function plan(head: ResponseHead, options: ResponsePlanOptions): ResponsePlan {
  const { credentials, session = false, replacement, render, now, onErrorCode } = options;
  if (replacement !== undefined && head.status < 300) return virtualResponsePlan(head, { ...replacement, render });
  if (head.status < 300 || head.status >= 500) return "stream";
  if (credentials === undefined) return "stream";
  const repeats = (text: string): boolean => echoes(text, credentials);
  if (head.status < 400) return withoutEchoes(head, repeats);
  return {
    maxBytes: maxErrorBytes,
    rewrite: (body) => {
      const text = body === undefined ? undefined : readable(body, head);
      if (text === undefined) return render(withheld("its error could not be read"));
      const code = errorCode(head, text);
      if (code !== undefined) onErrorCode(code);
      // The session has ended before its time: the agent's SDK asks for another, as it would without the proxy.
      if (session && (code === "ExpiredToken" || code === "ExpiredTokenException")) return render(sessionEnded());
      if (code !== undefined && (signatureErrors.has(code) || text.includes(ec2Refusal)))
        return render(withheld(`it refused them with ${code}${remedy(code, head, now())}`));
      return repeats(text) || head.headers.some(([, value]) => repeats(value))
        ? render(withheld("its error repeated them"))
        : "unchanged";
    },
  };
}

/** A redirect of a request repeats its parameters in Location: what signed it must not be among them. */
function withoutEchoes(head: ResponseHead, repeats: (text: string) => boolean): ResponsePlan {
  const clean = head.headers.filter(([, value]) => !repeats(value));
  return clean.length === head.headers.length ? "stream" : { headers: clean };
}

function sessionEnded(): AwsError {
  return new AwsError(
    "ExpiredToken",
    "AWS says that the session behind this key pair has ended. Ask for new credentials (AssumeRole or the like).",
  );
}

function withheld(why: string): AwsError {
  return new AwsError(
    "ServiceUnavailable",
    `AWS did not accept the credentials iam-agent-proxy signs with: ${why}. The agent's own are fine: this is for the operator of the proxy to mend.`,
  );
}

/** What AWS bears of a clock that is off: five minutes, and fifteen with S3. */
const maxSkewMs = 5 * 60_000;

/** What the operator can do about a refusal; AWS's Date header says whether it is the clock. */
function remedy(code: string, { headers }: ResponseHead, now: Date): string {
  const ahead = now.getTime() - Date.parse(headerValue(headers, "date") ?? "");
  if (Math.abs(ahead) >= maxSkewMs) {
    const minutes = Math.round(Math.abs(ahead) / 60_000);
    return `, and the clock of this machine is ${minutes} minutes ${ahead < 0 ? "behind" : "ahead of"} AWS's: set it (timedatectl set-ntp true)`;
  }
  if (/^(ExpiredToken|TokenRefreshRequired|RequestExpired)/.test(code)) return ": they are over, log in again";
  if (/^(InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient|InvalidToken)/.test(code)) {
    return ": AWS does not know them (deleted, inactive, of another partition, or of a region that is not enabled)";
  }
  return "";
}

/**
 * Whether a text holds what is nobody's to see, as it is or escaped for a URL, for XML or for JSON, and once again inside
 * another: the secret key, the session token, or a signature beside the key's id, as an `Authorization` and a presigned URL
 * have it.
 */
function echoes(text: string, { accessKeyId, secretAccessKey, sessionToken }: Credentials): boolean {
  const once = unescaped(text);
  return [text, once, unescaped(once)].some(
    (form) =>
      form.includes(secretAccessKey) ||
      (sessionToken !== undefined && form.includes(sessionToken)) ||
      (form.includes(accessKeyId) && form.includes("Signature=")),
  );
}

/** The text with the escapes of ASCII characters undone: `%2B`, `\u002b`, `\/`, `&#43;`, `&#x2b;`, `&amp;`. */
function unescaped(text: string): string {
  return text.replace(
    /%([0-7][0-9a-f])|\\u00([0-7][0-9a-f])|&#x0{0,6}([0-7]?[0-9a-f]);|&#0{0,6}([0-9]{1,3});|&(amp|lt|gt|quot|apos);|\\(["\\/])/gi,
    (whole, percent?: string, json?: string, hex?: string, decimal?: string, name?: string, plain?: string) => {
      if (plain !== undefined) return plain;
      // `as`: the expression takes no other name.
      if (name !== undefined) return entities[name.toLowerCase() as keyof typeof entities];
      const digits = percent ?? json ?? hex;
      const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
      return code < 0x80 ? String.fromCharCode(code) : whole;
    },
  );
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" } as const;

function readable(body: Uint8Array, head: ResponseHead): string | undefined {
  const encoding = headerValue(head.headers, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding === "identity") return Buffer.from(body).toString("latin1");
  if (encoding !== "gzip") return undefined;
  try {
    return gunzipSync(body, { maxOutputLength: 16 * maxErrorBytes }).toString("latin1");
  } catch {
    return undefined;
  }
}

/** The error code of an AWS answer, from wherever its wire form has it. */
export function errorCode(head: ResponseHead, text: string): string | undefined {
  const header = headerValue(head.headers, "x-amzn-errortype") ?? headerValue(head.headers, "x-amzn-query-error");
  const named = /^(?:[^#]{0,128}#)?([A-Za-z0-9._-]{1,128})(?:[:;]|$)/.exec(header ?? "");
  if (named !== null) return named[1];
  const xml = /<Code>\s*([A-Za-z0-9._-]{1,128})\s*<\/Code>/.exec(text);
  if (xml !== null) return xml[1];
  const json = /"(?:__type|code|Code)"\s*:\s*"(?:[^"#]{0,128}#)?([A-Za-z0-9._-]{1,128})[":]/.exec(text);
  if (json !== null) return json[1];
  return cborType(text)?.match(/([A-Za-z0-9._-]{1,128})$/)?.[1];
}

/** The text string after the key `__type` of a CBOR map (RFC 8949 section 3.1), of up to 255 bytes. */
function cborType(text: string): string | undefined {
  const at = text.indexOf("f__type");
  if (at < 0) return undefined;
  const head = text.charCodeAt(at + 7);
  if (head >= 0x60 && head < 0x78) return text.slice(at + 8, at + 8 + head - 0x60);
  return head === 0x78 ? text.slice(at + 9, at + 9 + text.charCodeAt(at + 8)) : undefined;
}
