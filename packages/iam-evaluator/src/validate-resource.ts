import type { Place, Report } from "./finding.ts";

/**
 * Judges one pattern of Resource or NotResource: `*`, or an ARN of six segments whose service has no wildcards (IAM
 * User Guide, "IAM JSON policy elements: Resource", and "Identify AWS resources with ARNs").
 */
export function checkResource(resource: string, at: Place, report: Report): void {
  if (resource === "*") return;
  const shown = JSON.stringify(resource);
  const segments = resource.split(":");
  const [prefix, partition = "", service = "", region = "", account = ""] = segments;
  const tail = segments.slice(5).join(":");
  const complete = segments.length >= 6;

  if (prefix !== "arn" || partition === "") {
    report("ERROR", "INVALID_ARN", at, `The resource ${shown} is not an ARN.`, 'Write an ARN, or "*".');
  } else if (!/[*?]/.test(partition) && !/^aws(-[a-z]+)*$/.test(partition)) {
    report(
      "ERROR",
      "INVALID_PARTITION",
      at,
      `The resource ${shown} has no partition of AWS.`,
      'Most often it is "aws".',
    );
  } else if (service === "" || /[*?]/.test(service)) {
    report(
      "ERROR",
      "INVALID_SERVICE",
      at,
      `The resource ${shown} must name its service in full: wildcards are not allowed there.`,
      'Name the service, or write "*" for every resource.',
    );
  } else if (!complete && !resource.endsWith("*")) {
    // IAM completes short ARNs in a way it does not document, but refuses those with an empty part.
    report(
      resource.includes("::") || segments.length < 3 ? "ERROR" : "WARNING",
      "SHORT_ARN",
      at,
      `The resource ${shown} has ${segments.length} segments of an ARN's six.`,
      "Write all of arn:partition:service:region:account:resource; region and account may be empty.",
    );
  } else if (complete && tail === "") {
    report(
      "WARNING",
      "EMPTY_RESOURCE",
      at,
      `The resource ${shown} names nothing after its fifth colon.`,
      'Write "*" there for all.',
    );
  } else if (service === "s3" && region !== "" && account === "" && complete) {
    report(
      "ERROR",
      "REGION_NOT_ALLOWED",
      at,
      `The resource ${shown} is an S3 bucket or object, whose ARN has no region.`,
    );
  } else if (service === "iam" && !/^\**$/.test(region)) {
    report("ERROR", "REGION_NOT_ALLOWED", at, `The resource ${shown} is of IAM, whose ARNs have no region.`);
  } else if (service === "iam" && complete && !mayBeIamResource(tail)) {
    report(
      "WARNING",
      "UNKNOWN_RESOURCE_TYPE",
      at,
      `IAM has no such resource: ${shown}.`,
      `A resource of IAM is ${IAM_TYPES.join("..., ")}...`,
    );
  } else if (service !== "s3" && /^\*[/:]/.test(tail)) {
    report(
      "WARNING",
      "WILDCARD_RESOURCE_TYPE",
      at,
      `The resource ${shown} leaves the type of the resource open.`,
      "Name the type.",
    );
  }
}

const IAM_TYPES: readonly string[] = [
  "user/",
  "federated-user/",
  "role/",
  "group/",
  "instance-profile/",
  "mfa/",
  "server-certificate/",
  "policy/",
  "sms-mfa/",
  "saml-provider/",
  "oidc-provider/",
  "report/",
  "access-report/",
  "delegation-request/",
];

function mayBeIamResource(tail: string): boolean {
  const wildcard = tail.search(/[*?]/);
  const literal = wildcard < 0 ? tail : tail.slice(0, wildcard);
  return IAM_TYPES.some((type) => literal.startsWith(type) || (wildcard >= 0 && type.startsWith(literal)));
}
