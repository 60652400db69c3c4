import { type PolicyType, parseArn } from "@iap/aws-core";
import type { Report } from "./finding.ts";
import type { ParsedPrincipal } from "./parse-principal.ts";
import type { Effect } from "./policy-document.ts";

/** Judges the entries of Principal and NotPrincipal (IAM User Guide, "AWS JSON policy elements: Principal"). */
export function checkPrincipal(
  { inverted, entries }: ParsedPrincipal,
  effect: Effect,
  type: PolicyType,
  report: Report,
): void {
  for (const { type: kind, text, place } of entries) {
    if (text === "*") {
      if (kind === "Federated") {
        report("ERROR", "INVALID_PRINCIPAL", place, 'Federated cannot be "*".', "Name the identity provider.");
      } else if (inverted) {
        report("WARNING", "NOT_PRINCIPAL_EVERYBODY", place, 'NotPrincipal "*" leaves nobody.', "Remove the statement.");
      }
    } else if (type === "rcp") {
      report("ERROR", "INVALID_PRINCIPAL", place, 'An RCP is for everybody: its Principal is "*".', 'Write "*".');
    } else if (/[*?]|\$\{/.test(text)) {
      report(
        "ERROR",
        "INVALID_PRINCIPAL",
        place,
        `The principal ${JSON.stringify(text)} has a wildcard or a policy variable: here only "*" by itself has a meaning.`,
        'Use "*" and a condition on aws:PrincipalArn.',
      );
    } else if (kind === "AWS" && !isAwsPrincipal(text)) {
      report(
        "ERROR",
        "INVALID_PRINCIPAL",
        place,
        `${JSON.stringify(text)} is neither an account nor the ARN of an IAM or STS principal.`,
        "Write twelve digits, or an ARN.",
      );
    } else if (kind === "AWS" && type === "vpcEndpoint") {
      report(
        "WARNING",
        "GATEWAY_ENDPOINT_PRINCIPAL",
        place,
        'In the policy of a gateway endpoint (S3, DynamoDB) only "*" stands for users and roles.',
        'Use "*" and a condition on aws:PrincipalArn.',
      );
    } else if (
      kind === "Service" &&
      !/^[a-z0-9.-]+\.(?:amazonaws\.com|amazonaws\.com\.cn|amazon\.com|aws\.internal)$/.test(text)
    ) {
      const fix = "Write it like lambda.amazonaws.com.";
      report(
        "WARNING",
        "UNKNOWN_SERVICE_PRINCIPAL",
        place,
        `${JSON.stringify(text)} is not like a service's name.`,
        fix,
      );
    }
  }
  const [first] = entries;
  if (inverted && effect === "Allow" && first !== undefined) {
    report(
      "SECURITY_WARNING",
      "ALLOW_WITH_NOT_PRINCIPAL",
      first.place,
      "Allow with NotPrincipal allows everybody it does not list, and AWS does not support it.",
      "List the principals in Principal.",
    );
  }
}

/** An account, the ARN of an IAM or STS principal, or the unique id of one that has been deleted. */
function isAwsPrincipal(text: string): boolean {
  if (/^[0-9]{12}$/.test(text) || /^A[A-Z0-9]{15,127}$/.test(text)) return true;
  const arn = parseArn(text);
  if (arn === undefined || !/^[0-9]{12}$/.test(arn.account)) return false;
  if (arn.service === "sts") return /^(?:assumed-role|federated-user)\/./.test(arn.resource);
  return arn.service === "iam" && /^(?:root$|user\/.|role\/.)/.test(arn.resource);
}
