import {
  type AwsError,
  type HeaderLine,
  type Headers,
  headerValue,
  type RequestHead,
  splitTarget,
} from "@iap/aws-core";
import { cborError } from "./cbor-error.ts";
import { ec2Error } from "./ec2-error.ts";
import { errorCode } from "./error-codes.ts";
import { awsJsonError, restJsonError } from "./json-error.ts";
import type { RenderedBody } from "./rendered-body.ts";
import { s3Error, s3HostId } from "./s3-error.ts";
import { detectWireForm, isS3Control, type WireForm, type WireFormHints } from "./wire-form.ts";
import { xmlError } from "./xml-error.ts";
import { xmlNamespace } from "./xml-namespaces.ts";

export interface RenderOptions extends WireFormHints {
  /** The request that the error answers. */
  readonly request: RequestHead;
  /** The id of the decision or request, which the client is shown. */
  readonly requestId: string;
  /** What `Date` says. */
  readonly now: Date;
}

/** An answer, ready to be written. */
export interface RenderedError {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * An error in the words of the request's wire form: the code and status the service would use, in the document its
 * clients parse. The id stands in `x-iap-decision-id` too, for HEAD has no body to put it in.
 */
export function renderError(error: AwsError, options: RenderOptions): RenderedError {
  const { request, requestId, now } = options;
  const form = detectWireForm(request, options);
  const [code, status] = errorCode(error.code, form, isPresigned(request));
  const rendered = renderedBody(error, code, status, form, options);

  const body = request.method === "HEAD" ? new Uint8Array() : bytes(rendered.content);
  const headers: HeaderLine[] = [
    ...rendered.headers,
    ["x-iap-decision-id", requestId],
    // SDKs take a denial for a clock error, and retry it, when this is off.
    ["Date", now.toUTCString()],
    ["Content-Length", String(body.length)],
  ];
  // Keeps the JavaScript SDK from correcting its clock by a denial. A clock error must be corrected by.
  if (error.code === "AccessDenied") headers.push(["Age", "0"]);
  if (isQueryCompatible(request, form)) {
    const [queryCode] = errorCode(error.code, "awsQuery", false);
    headers.push(["x-amzn-query-error", `${queryCode};${status < 500 ? "Sender" : "Receiver"}`]);
  }
  return { status, headers, body };
}

function renderedBody(
  error: AwsError,
  code: string,
  status: number,
  form: WireForm,
  { request, service, requestId }: RenderOptions,
): RenderedBody {
  const message = messageText(error, form, requestId);
  switch (form) {
    case "s3":
      return s3Error(error, code, message, requestId);
    case "awsQuery":
    case "restXml":
      return xmlError(code, message, {
        requestId,
        sender: status < 500,
        namespace: xmlNamespace(request, service),
        hostId: isS3Control(request.host) ? s3HostId(requestId) : undefined,
      });
    case "ec2Query":
      return ec2Error(code, message, requestId);
    case "awsJson1_0":
      return awsJsonError(code, message, requestId, "1.0");
    case "awsJson1_1":
      return awsJsonError(code, message, requestId, "1.1");
    case "restJson1":
      return restJsonError(code, message, requestId);
    case "rpcV2Cbor":
      return cborError(code, message, requestId);
  }
}

/** The message, with what the form has no field of its own for. */
function messageText({ code, message, details }: AwsError, form: WireForm, requestId: string): string {
  if (code === "AccessDenied") {
    // So that nobody looks in AWS for a denial that AWS never made.
    const marked = message.includes(requestId) ? message : `${message} (iam-agent-proxy decision ${requestId})`;
    return form === "ec2Query" ? `You are not authorized to perform this operation. ${marked}` : marked;
  }
  if (form === "s3") return message;
  if (code === "SignatureDoesNotMatch" && details.CanonicalRequest !== undefined) {
    const canonical = Buffer.from(details.CanonicalRequest, "latin1").toString("utf8");
    return `${message}\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${details.StringToSign ?? ""}'\n`;
  }
  if (code === "HeadersNotSigned") return `${message}: ${details.HeadersNotSigned ?? ""}`;
  return message;
}

/** Whether a request states its authorization, whole or in part, in its query: S3 has an error code of its own for it. */
export function isPresigned({ target }: RequestHead): boolean {
  return /(?:^|&)X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=/.test(
    splitTarget(target).query ?? "",
  );
}

function isQueryCompatible({ headers }: RequestHead, form: WireForm): boolean {
  if (form !== "awsJson1_0" && form !== "awsJson1_1" && form !== "rpcV2Cbor") return false;
  return headerValue(headers, "x-amzn-query-mode")?.trim().toLowerCase() === "true";
}

function bytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? Buffer.from(content, "utf8") : content;
}
