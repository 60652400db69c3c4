import type { PolicyType } from "@iap/aws-core";
import { parseConditionOperator } from "./condition-operator.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding, Place } from "./finding.ts";
import { multivaluedGlobalKeys } from "./global-condition-keys.ts";
import { type ParsedPolicy, type ParsedStatement, type Patterns, parsePolicy } from "./parse-policy.ts";
import type { PolicyDocument } from "./policy-document.ts";
import { SIZE_LIMITS, sizeOf } from "./policy-size.ts";
import { compileWildcard } from "./wildcard.ts";
import { matchesWildcard } from "./wildcard-match.ts";

export interface ValidateOptions {
  /** The actions there are: names (`GetObject`) by service prefix (`s3`). Without them no action is called unknown. */
  readonly actions?: ReadonlyMap<string, readonly string[]> | undefined;
}

/**
 * Everything worth saying about a policy document: what AWS would refuse when it is created or attached (`ERROR`), and
 * what it would accept and you may regret. Evaluation is more lenient: a missing or old Version, a document that is too
 * large, white space before it, and a partition or an IAM resource of a kind not known here are evaluated all the same.
 */
export function validatePolicy(
  document: string | PolicyDocument,
  type: PolicyType,
  { actions }: ValidateOptions = {},
): Finding[] {
  const { policy, findings } = parsePolicy(document, type);
  const advice = policy === undefined ? [] : adviseOn(policy, document, type);
  const unknown = policy === undefined || actions === undefined ? [] : unknownActions(policy, actions);
  const refused = REFUSED[type];
  return [...findings, ...advice, ...unknown].map((finding) =>
    refused.has(finding.code) ? { ...finding, level: "ERROR" } : finding,
  );
}

/** What can be evaluated and AWS does not take in new policies all the same. */
const REFUSED_EVERYWHERE: readonly string[] = ["POLICY_SIZE", "MISSING_PRINCIPAL"];
const REFUSED_BY_ORGANIZATIONS: ReadonlySet<string> = new Set([
  ...REFUSED_EVERYWHERE,
  "MISSING_VERSION",
  "OLD_VERSION",
  "RCP_ELEMENT",
]);
const REFUSED_BY_IAM: ReadonlySet<string> = new Set([
  ...REFUSED_EVERYWHERE,
  "MISSING_VERSION",
  "OLD_VERSION",
  "LEADING_SPACE",
  "REGION_NOT_ALLOWED",
  "UNKNOWN_PARTITION",
  "UNKNOWN_RESOURCE_TYPE",
]);
const REFUSED: Readonly<Record<PolicyType, ReadonlySet<string>>> = {
  identity: REFUSED_BY_IAM,
  permissionsBoundary: REFUSED_BY_IAM,
  session: new Set(REFUSED_EVERYWHERE),
  scp: REFUSED_BY_ORGANIZATIONS,
  rcp: REFUSED_BY_ORGANIZATIONS,
  resource: new Set(REFUSED_EVERYWHERE),
  vpcEndpoint: new Set(REFUSED_EVERYWHERE),
};

/** Advice on a policy that can be evaluated. */
export function adviseOn(policy: ParsedPolicy, document: string | PolicyDocument, type: PolicyType): Finding[] {
  const findings: Finding[] = [];
  for (const statement of policy.statements) findings.push(...adviseOnStatement(statement, type));

  const limit = SIZE_LIMITS[type];
  if (limit === undefined) return findings;
  const characters = sizeOf(typeof document === "string" ? document : JSON.stringify(document), limit);
  if (characters > limit.characters) {
    findings.push({
      level: "WARNING",
      code: "POLICY_SIZE",
      path: "",
      message: `The document has ${characters} characters; AWS takes ${limit.characters} in ${limit.what}.`,
      fix: "Split it before giving it to AWS. To be evaluated here it may be as it is.",
    });
  }
  return findings;
}

function adviseOnStatement(statement: ParsedStatement, type: PolicyType): Finding[] {
  const { effect, actions, resources, conditions, principal, place } = statement;
  const findings: Finding[] = [];
  const advise = (level: Finding["level"], code: string, at: Place, message: string, fix: string): void => {
    findings.push({ level, code, message, fix, ...at });
  };
  for (const { operator, key } of conditions) {
    const parsed = parseConditionOperator(operator.text);
    if (parsed === undefined || parsed.kind === "Null") continue;
    if (parsed.set === undefined && multivaluedGlobalKeys.has(key.text.toLowerCase())) {
      const message = `${key.text} has a list of values, and ${operator.text} compares one: it never holds.`;
      advise("WARNING", "MULTIVALUED_KEY", key.place, message, `Write "ForAnyValue:${operator.text}".`);
    } else if (parsed.set === "ForAllValues" && effect === "Allow") {
      const lower = key.text.toLowerCase();
      const guarded = conditions.some(
        (other) =>
          other.operator.text === "Null" &&
          other.key.text.toLowerCase() === lower &&
          other.values.every(({ text }) => text.toLowerCase() === "false"),
      );
      if (guarded) continue;
      const message = `ForAllValues also holds when the request has no ${key.text} at all, and then this Allow applies.`;
      const fix = `Add "Null": {"${key.text}": "false"}.`;
      advise("SECURITY_WARNING", "FOR_ALL_VALUES_WITH_ALLOW", operator.place, message, fix);
    }
  }
  if (type === "rcp" && effect === "Allow" && !isFullAccess(statement)) {
    const message = "An RCP only denies: RCPFullAWSAccess is always attached, so this Allow changes nothing.";
    advise("ERROR", "RCP_ALLOW", place, message, "Remove the statement.");
  }
  const first = actions.values[0];
  if (type === "rcp" && effect === "Deny") {
    const everything = actions.values.find(({ text }) => text === "*");
    if (actions.inverted && first !== undefined) {
      advise("WARNING", "RCP_ELEMENT", first.place, "An RCP has no NotAction.", "List the actions in Action.");
    } else if (everything !== undefined) {
      const message = 'The actions of an RCP are of services: "*" is for RCPFullAWSAccess alone.';
      advise("WARNING", "RCP_ELEMENT", everything.place, message, 'Write "service:*" for each service.');
    }
    const exempt = principal?.inverted ? principal.entries[0] : undefined;
    if (exempt !== undefined) {
      const fix = 'Write "Principal": "*" and a condition on aws:PrincipalArn.';
      advise("WARNING", "RCP_ELEMENT", exempt.place, "An RCP has no NotPrincipal.", fix);
    }
  }
  if (effect !== "Allow") return findings;

  if (actions.inverted && first !== undefined && type !== "scp") {
    const message = "Allow with NotAction allows every action it does not list, of services yet to come too.";
    advise("SECURITY_WARNING", "ALLOW_WITH_NOT_ACTION", first.place, message, "List the actions in Action.");
  }
  const resource = resources?.values[0];
  if (resources?.inverted && resource !== undefined) {
    const message = "Allow with NotResource allows every resource it does not list.";
    advise("SECURITY_WARNING", "ALLOW_WITH_NOT_RESOURCE", resource.place, message, "List the resources in Resource.");
  }
  const passRole = passRoleOnEverything(actions, resources);
  if (passRole !== undefined && (type === "identity" || type === "resource")) {
    const message = "iam:PassRole on every role lets its holder use any role a service may assume.";
    advise("SECURITY_WARNING", "PASS_ROLE_WITH_STAR", passRole, message, "Name the roles in Resource.");
  }
  return findings;
}

function isFullAccess({ actions, resources, conditions }: ParsedStatement): boolean {
  const isStar = (patterns: Patterns | undefined): boolean =>
    patterns !== undefined && !patterns.inverted && patterns.values.some(({ text }) => text === "*");
  return isStar(actions) && isStar(resources) && conditions.length === 0;
}

function passRoleOnEverything(actions: Patterns, resources: Patterns | undefined): Place | undefined {
  if (actions.inverted || resources === undefined || resources.inverted) return undefined;
  if (!resources.values.some(({ text }) => text === "*")) return undefined;
  return actions.values.find(({ text }) => text.toLowerCase() === "iam:passrole")?.place;
}

function unknownActions({ statements }: ParsedPolicy, known: ReadonlyMap<string, readonly string[]>): Finding[] {
  const findings: Finding[] = [];
  for (const { text, place } of statements.flatMap(({ actions }) => actions.values)) {
    const [service = "", name = ""] = text.split(":");
    if (text === "*" || name === "") continue;
    const names = known.get(service.toLowerCase());
    if (names === undefined) {
      const near = didYouMean(service, known.keys());
      findings.push({
        level: "WARNING",
        code: "UNKNOWN_SERVICE",
        message: `No service with the prefix ${JSON.stringify(service)} is known.`,
        fix:
          near === undefined
            ? "Look for the prefix in the Service Authorization Reference."
            : `Did you mean "${near}:${name}"?`,
        ...place,
      });
      continue;
    }
    const pattern = compileWildcard(name.toLowerCase(), "string");
    if (names.some((one) => matchesWildcard(pattern, one.toLowerCase()))) continue;
    const near = didYouMean(name, names);
    findings.push({
      level: "WARNING",
      code: "UNKNOWN_ACTION",
      message: `No action of ${service} is known that ${JSON.stringify(text)} matches.`,
      fix:
        near === undefined
          ? "Look for the action in the Service Authorization Reference."
          : `Did you mean "${service}:${near}"?`,
      ...place,
    });
  }
  return findings;
}
