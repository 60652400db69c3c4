import { awsPartitions } from "@iap/aws-core";
import { didYouMean } from "./did-you-mean.ts";
import type { Place, Report } from "./finding.ts";
import { compileWildcard } from "./wildcard.ts";
import { matchesWildcard } from "./wildcard-match.ts";

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
    const near = didYouMean(partition, awsPartitions);
    const fix = near === undefined ? 'Most often it is "aws".' : `Did you mean "${near}"?`;
    report("ERROR", "INVALID_PARTITION", at, `The resource ${shown} has no partition of AWS.`, fix);
  } else if (service === "" || /[*?]/.test(service)) {
    report(
      "ERROR",
      "INVALID_SERVICE",
      at,
      `The resource ${shown} must name its service in full: wildcards are not allowed there.`,
      'Name the service, or write "*" for every resource.',
    );
  } else if (!complete && (!resource.endsWith("*") || WITHOUT_REGION.has(service))) {
    // IAM completes short ARNs in a way it does not document, but refuses those with an empty part, and those of services
    // whose ARNs have no region.
    const isRefused = resource.includes("::") || segments.length < 3 || WITHOUT_REGION.has(service);
    report(
      isRefused ? "ERROR" : "WARNING",
      "SHORT_ARN",
      at,
      `The resource ${shown} has ${segments.length} segments of an ARN's six.`,
      "Write all of arn:partition:service:region:account:resource; region and account may be empty.",
    );
  } else if (service === "s3" && region !== "" && !beginsWith(tail, S3_TYPES_WITH_REGION)) {
    report(
      account === "" ? "ERROR" : "WARNING",
      "REGION_NOT_ALLOWED",
      at,
      `The resource ${shown} is an S3 bucket or object, whose ARN has no region.`,
      "Leave the region empty.",
    );
  } else if (service === "iam" && region !== "") {
    report(
      /^\*+$/.test(region) ? "WARNING" : "ERROR",
      "REGION_NOT_ALLOWED",
      at,
      `The resource ${shown} is of IAM, whose ARNs have no region.`,
      "Leave the region empty.",
    );
  } else if (service === "iam" && complete && tail !== "*" && tail !== "root" && !beginsWith(tail, IAM_TYPES)) {
    report(
      "WARNING",
      "UNKNOWN_RESOURCE_TYPE",
      at,
      `IAM has no such resource: ${shown}.`,
      `A resource of IAM is "*", or ${IAM_TYPES.join("..., ")}...`,
    );
  } else if (complete && tail === "") {
    report(
      "WARNING",
      "EMPTY_RESOURCE",
      at,
      `The resource ${shown} names nothing after its fifth colon.`,
      'Write "*" there for all.',
    );
  } else if (partition !== "aws" && !isSomePartition(partition)) {
    report(
      "WARNING",
      "UNKNOWN_PARTITION",
      at,
      `The resource ${shown} is in a partition not known here.`,
      `The partitions are ${awsPartitions.join(", ")}; "*" is all of them.`,
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

/** The services whose own resources have no region. */
const WITHOUT_REGION: ReadonlySet<string> = new Set(["s3", "iam"]);

/** Of S3, only these have one (Service Authorization Reference, Amazon S3). */
const S3_TYPES_WITH_REGION: readonly string[] = ["accesspoint/", "access-grants/", "job/", "storage-lens"];

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
  "contextProvider/",
];

/** Wildcards may stand in any segment but the service's. */
function isSomePartition(text: string): boolean {
  const pattern = compileWildcard(text, "string");
  return awsPartitions.some((partition) => matchesWildcard(pattern, partition));
}

function beginsWith(text: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => text.startsWith(beginning));
}
