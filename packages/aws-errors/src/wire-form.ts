import { headerValue, type Protocol, type RequestHead, splitTarget } from "@iap/aws-core";

/** The shapes errors come in: one per protocol, and S3's own. */
export type WireForm = Protocol | "s3";

/** What is known of a request besides its head. */
export interface WireFormHints {
  /** The signing name or endpoint prefix, when it is known from elsewhere. */
  readonly service?: string | undefined;
  /** The protocol, when the operation has been resolved. */
  readonly protocol?: Protocol | undefined;
  /** Whether the body is a form with an `Action`. Default: what the content type says. */
  readonly bodyIsForm?: boolean | undefined;
}

/**
 * The form of error a client will understand. It is told from the form of its request, not from the service: clients
 * drive the same service by several protocols, and fail to parse an error in another than their own.
 */
export function detectWireForm(head: RequestHead, hints: WireFormHints = {}): WireForm {
  const { service, protocol } = hints;
  const { path, query } = splitTarget(head.target);
  if (headerValue(head.headers, "smithy-protocol") === "rpc-v2-cbor" || isRpcPath(path)) return "rpcV2Cbor";

  const contentType = headerValue(head.headers, "content-type")?.trim().toLowerCase() ?? "";
  if (headerValue(head.headers, "x-amz-target") !== undefined) {
    return contentType.startsWith("application/x-amz-json-1.0") ? "awsJson1_0" : "awsJson1_1";
  }

  const labels = head.host.toLowerCase().split(".");
  if (isS3(labels, service)) return "s3";
  if (protocol !== undefined) return protocol;

  const form = hints.bodyIsForm ?? contentType.startsWith("application/x-www-form-urlencoded");
  if (form || hasAction(query)) return service === "ec2" || labels.includes("ec2") ? "ec2Query" : "awsQuery";
  if (contentType.startsWith("application/x-amz-json-1.0")) return "awsJson1_0";
  if (contentType.startsWith("application/x-amz-json-1.1")) return "awsJson1_1";
  if (isRestXml(labels, service)) return "restXml";
  return "restJson1";
}

/** `/service/Name/operation/Name`: Smithy RPC v2. */
function isRpcPath(path: string): boolean {
  if (!path.startsWith("/service/")) return false;
  const segments = path.split("/");
  return segments.length === 5 && segments[3] === "operation";
}

function hasAction(query: string | undefined): boolean {
  return query?.split("&").some((piece) => piece.startsWith("Action=")) ?? false;
}

const S3_SERVICES: ReadonlySet<string> = new Set(["s3", "s3express", "s3-object-lambda", "s3-outposts"]);

function isS3(labels: readonly string[], service: string | undefined): boolean {
  if (labels.some(isS3ControlLabel)) return false;
  if (service !== undefined && S3_SERVICES.has(service)) return true;
  return labels.some((label) => label === "s3" || label.startsWith("s3-") || label.startsWith("s3express-"));
}

/** Whether a host is one of S3 Control, which speaks REST-XML as other services do, and not as S3. */
export function isS3Control(host: string): boolean {
  return host.toLowerCase().split(".").some(isS3ControlLabel);
}

function isS3ControlLabel(label: string): boolean {
  return label === "s3-control" || label === "s3-control-fips";
}

function isRestXml(labels: readonly string[], service: string | undefined): boolean {
  const rest = (name: string): boolean => name === "route53" || name === "cloudfront";
  return labels.some((label) => rest(label) || isS3ControlLabel(label)) || (service !== undefined && rest(service));
}
