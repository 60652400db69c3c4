import {
  type AgentKey,
  AwsError,
  type AwsRequest,
  Credentials,
  type HeaderLine,
  headerValue,
  type KeyRing,
} from "@iap/aws-core";
import { detectWireForm, errorCode, isPresigned } from "@iap/aws-errors";
import { parseAmzDate } from "@iap/sigv4";
import { isPostForm, type PostForm, readPostForm, signingForm, verify, verifyPostForm } from "@iap/sigv4-verify";
import type { Answer } from "./verbs.ts";

/**
 * `{ id, now, keys, request }` -> `{ id, result, form, code?, message? }`: whether one of the keys signed the request,
 * and if not, the error code that AWS has for it in the request's own wire form. Streams are verified to their end; the
 * host is not held against the credential scope.
 */
export const verifyAnswer: Answer = async ({ id, now, keys, request }) => {
  const at = readDate(now);
  const { received, secure } = readRequest(request);
  const form = signingForm(received, received.body);
  try {
    judge(received, { keys: readKeys(keys), now: at, secure });
    return { id, result: "verified", form };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const [code] = errorCode(error.code, detectWireForm(received), isPresigned(received));
    return { id, result: "refused", form, code, message: error.message };
  }
};

interface Judgement {
  readonly keys: KeyRing;
  readonly now: Date;
  readonly secure: boolean;
}

function judge(received: AwsRequest, { keys, now, secure }: Judgement): void {
  if (isPostForm(received) && headerValue(received.headers, "authorization") === undefined) {
    const bytes = received.body ?? new Uint8Array();
    const form: PostForm | undefined = readPostForm(received, bytes);
    if (form === undefined) throw new AwsError("IncompleteBody", "The POST form ends before its file begins.");
    const filter = verifyPostForm(received, form, { keys, now }).filter();
    filter.push(bytes);
    filter.end();
    return;
  }
  verify(received, { keys, now, secure });
}

/** An instant of ISO 8601, in its extended or basic form. Without a zone it is in UTC, wherever this runs. */
function readDate(value: unknown): Date {
  const written = text(value, "now");
  const [, date, zone = "Z"] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/.exec(written) ?? [];
  const at = date === undefined ? parseAmzDate(written) : new Date(`${date}${zone}`);
  if (at === undefined || Number.isNaN(at.getTime())) throw new Error("now is not an instant of ISO 8601");
  return at;
}

function readKeys(value: unknown): KeyRing {
  const keys = list(value, "keys").map((one) => {
    const { accessKeyId, secretAccessKey, sessionToken } = object(one, "keys");
    return new Credentials({
      accessKeyId: text(accessKeyId, "accessKeyId"),
      secretAccessKey: text(secretAccessKey, "secretAccessKey"),
      sessionToken:
        sessionToken === undefined || sessionToken === null ? undefined : text(sessionToken, "sessionToken"),
    });
  });
  const notAfter = new Date(8.64e15);
  return {
    lookup(accessKeyId, sessionToken): AgentKey | undefined {
      const named = keys.filter((key) => key.accessKeyId === accessKeyId);
      const found = named.find((key) => key.sessionToken === sessionToken) ?? named[0];
      if (found === undefined) return undefined;
      // A key of which no token is given is one whose token is not in question.
      const { secretAccessKey } = found;
      const credentials =
        found.sessionToken === undefined ? new Credentials({ accessKeyId, secretAccessKey, sessionToken }) : found;
      return { agent: "agent", session: "session", credentials, notAfter, upstream: "default" };
    },
  };
}

function readRequest(value: unknown): { readonly received: AwsRequest; readonly secure: boolean } {
  const { scheme, http, method, target, headers, bodyB64 } = object(value, "request");
  if (http !== "HTTP/1.1" && http !== "h2") throw new Error('request.http is neither "HTTP/1.1" nor "h2"');
  if (scheme !== "https" && scheme !== "http") throw new Error('request.scheme is neither "https" nor "http"');
  const lines = list(headers, "request.headers").map((line): HeaderLine => {
    const pair = list(line, "request.headers");
    if (pair.length !== 2) throw new Error("a header is not a [name, value]");
    return [latin1(text(pair[0], "a header's name")), latin1(text(pair[1], "a header's value"))];
  });
  const host = (http === "h2" ? headerValue(lines, ":authority") : undefined) ?? headerValue(lines, "host") ?? "";
  const received: AwsRequest = {
    httpVersion: http === "h2" ? "2" : "1.1",
    method: text(method, "request.method"),
    target: latin1(text(target, "request.target")),
    headers: lines,
    host: host
      .trim()
      .toLowerCase()
      .replace(scheme === "https" ? /:443$/ : /:80$/, ""),
    body: base64(text(bodyB64 ?? "", "request.bodyB64")),
  };
  return { received, secure: scheme === "https" };
}

/** Node takes anything for base64, and would judge another body than was meant. */
function base64(value: string): Uint8Array {
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== value.replace(/=+$/, "")) {
    throw new Error("request.bodyB64 is not base64");
  }
  return bytes;
}

/** Text of a JSON file as bytes, one a character: what is not latin1 already went over the wire in UTF-8. */
function latin1(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw new Error(`${what} is not a text`);
  return value;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value;
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}
