import { headerValue, type RequestHead, splitTarget } from "@iap/aws-core";
import { ALGORITHM_V4A, AUTH_PARAMETERS, queryParameters } from "@iap/sigv4";
import { isPostForm } from "./post-form.ts";

/** The forms in which clients sign requests, by names that stay. The README has a line for each. */
export type SigningForm =
  | "header"
  | "header-unstated-hash"
  | "header-unsigned-payload"
  | "presigned"
  | "signed-chunks"
  | "signed-chunks-trailer"
  | "unsigned-chunks-trailer"
  | "sigv4a-header"
  | "sigv4a-presigned"
  | "sigv4a-signed-chunks"
  | "event-stream"
  | "websocket"
  | "post-form"
  | "s3-express-session"
  | "sigv2"
  | "sigv2-query-service"
  | "bearer"
  | "unsigned"
  | "unknown";

/**
 * The form a request is signed in, told from what it looks like: nothing of it need be well formed, let alone right.
 * The body, where it is given, tells a Signature Version 2 in a form of the query protocol.
 */
export function signingForm(head: RequestHead, body?: Uint8Array | undefined): SigningForm {
  const header = headerValue(head.headers, "authorization")?.trim();
  if (header === undefined) return headerlessForm(head, body);
  const scheme = header.split(/[ \t]/, 1)[0] ?? "";
  if (scheme === "AWS") return "sigv2";
  if (scheme.toLowerCase() === "bearer") return "bearer";
  if (!scheme.startsWith("AWS4-")) return "unknown";
  if (headerValue(head.headers, "x-amz-s3session-token") !== undefined) return "s3-express-session";
  return headerForm(scheme, headerValue(head.headers, "x-amz-content-sha256"));
}

function headerlessForm(head: RequestHead, body: Uint8Array | undefined): SigningForm {
  const names = new Set(queryParameters(splitTarget(head.target).query ?? "").map(({ name }) => name));
  if (names.has("AWSAccessKeyId") && !names.has("X-Amz-Algorithm")) {
    return names.has("SignatureVersion") ? "sigv2-query-service" : "sigv2";
  }
  if ([...names].some((name) => AUTH_PARAMETERS.has(name))) return presignedForm(head);
  if (isPostForm(head)) return "post-form";
  return isSignatureV2Body(body) ? "sigv2-query-service" : "unsigned";
}

function presignedForm(head: RequestHead): SigningForm {
  if (headerValue(head.headers, "upgrade")?.trim().toLowerCase() === "websocket") return "websocket";
  const parameters = queryParameters(splitTarget(head.target).query ?? "");
  if (parameters.some(({ name }) => name === "X-Amz-S3session-Token")) return "s3-express-session";
  const algorithm = parameters.find(({ name }) => name === "X-Amz-Algorithm")?.rawValue;
  return algorithm === ALGORITHM_V4A ? "sigv4a-presigned" : "presigned";
}

function headerForm(scheme: string, payload: string | undefined): SigningForm {
  const chunks = payload?.startsWith("STREAMING-AWS4-") === true;
  if (scheme === ALGORITHM_V4A) return chunks ? "sigv4a-signed-chunks" : "sigv4a-header";
  if (payload === undefined) return "header-unstated-hash";
  if (payload === "UNSIGNED-PAYLOAD") return "header-unsigned-payload";
  if (payload === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return "unsigned-chunks-trailer";
  if (payload.endsWith("-EVENTS")) return "event-stream";
  if (!chunks) return "header";
  return payload.endsWith("-TRAILER") ? "signed-chunks-trailer" : "signed-chunks";
}

/** Whether a form of the query protocol is signed with Signature Version 2, which only such services took. */
export function isSignatureV2Body(body: Uint8Array | undefined): boolean {
  if (body === undefined || body.length > 1 << 20) return false;
  const text = Buffer.from(body).toString("latin1");
  return /(?:^|&)AWSAccessKeyId=/.test(text) && /(?:^|&)SignatureVersion=/.test(text);
}
