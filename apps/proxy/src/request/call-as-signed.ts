import { type AwsRequest, type Check, formatArn, parseArn, type ResolvedCall } from "@iap/aws-core";
import { ALGORITHM_V4A, SIGNATURE_V2_PARAMETERS, withoutParameters } from "@iap/sigv4";
import type { Authorization } from "@iap/sigv4-verify";

/** A request as it will be forwarded, as far as that says what it does: without what authenticated it in a way AWS's tables do not know. */
export function requestAsForwarded<R extends Pick<AwsRequest, "target">>(
  request: R,
  { algorithm, form }: Authorization,
): R {
  if (algorithm !== "AWS" || form !== "query") return request;
  return { ...request, target: withoutParameters(request.target, SIGNATURE_V2_PARAMETERS) };
}

/**
 * What a call needs beyond what its operation does, by the way it is signed. A Bedrock API key needs leave to be used. A
 * SigV4a request may be served in every region of its set: which one is not known, so no check says it.
 */
export function callAsSigned(call: ResolvedCall, { form, algorithm, regionSet }: Authorization): ResolvedCall {
  if (form === "bearer" && call.checks.length > 0) return { ...call, checks: [...call.checks, bearerCheck] };
  if (algorithm !== ALGORITHM_V4A || regionSet === call.region) return call;
  return { ...call, checks: call.checks.map(inAnyRegion) };
}

/** See "Using Amazon Bedrock API keys" in the Bedrock user guide; AWS checks it for requests with a bearer token. */
const bearerCheck: Check = {
  action: "bedrock:CallWithBearerToken",
  resource: { none: true },
  context: { "bedrock:bearerTokenType": "SHORT_TERM" },
  authoritative: ["bedrock:bearerTokenType"],
};

function inAnyRegion(check: Check): Check {
  const { "aws:RequestedRegion": _, ...context } = check.context;
  const authoritative = check.authoritative.filter((key) => key !== "aws:RequestedRegion");
  const arn = "arn" in check.resource ? parseArn(check.resource.arn) : undefined;
  if (arn === undefined || arn.region === "") return { ...check, context, authoritative };
  const pattern = formatArn({ ...arn, region: "*" });
  return { ...check, resource: { pattern, why: "the request is signed for several regions" }, context, authoritative };
}
