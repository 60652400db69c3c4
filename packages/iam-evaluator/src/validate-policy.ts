import type { PolicyType } from "@iap/aws-core";
import type { Finding } from "./finding.ts";
import { type ParsedPolicy, type Patterns, parsePolicy } from "./parse-policy.ts";
import type { PolicyDocument } from "./policy-document.ts";
import { MANAGED_POLICY_CHARACTERS, policyCharacters } from "./policy-size.ts";

/**
 * Everything worth saying about a policy document: what AWS would refuse (`ERROR`), and what it would accept and you may
 * regret. The grammar of conditions and principals is not judged yet; `compilePolicySet` refuses policies with them.
 */
export function validatePolicy(document: string | PolicyDocument, type: PolicyType): Finding[] {
  const { policy, findings } = parsePolicy(document, type);
  return policy === undefined ? [...findings] : [...findings, ...adviseOn(policy, document)];
}

/** Advice on a policy that AWS accepts. */
export function adviseOn(policy: ParsedPolicy, document: string | PolicyDocument): Finding[] {
  const findings: Finding[] = [];
  for (const { effect, actions, resources } of policy.statements) {
    if (effect !== "Allow") continue;
    const first = actions.values[0];
    if (actions.inverted && first !== undefined) {
      findings.push({
        level: "SECURITY_WARNING",
        code: "ALLOW_WITH_NOT_ACTION",
        message: "Allow with NotAction allows every action it does not list, of services yet to come too.",
        fix: "List the actions in Action.",
        ...first.place,
      });
    }
    const resource = resources?.values[0];
    if (resources?.inverted && resource !== undefined) {
      findings.push({
        level: "SECURITY_WARNING",
        code: "ALLOW_WITH_NOT_RESOURCE",
        message: "Allow with NotResource allows every resource it does not list.",
        fix: "List the resources in Resource.",
        ...resource.place,
      });
    }
    const passRole = passRoleOnEverything(actions, resources);
    if (passRole !== undefined) {
      findings.push({
        level: "SECURITY_WARNING",
        code: "PASS_ROLE_WITH_STAR",
        message: "iam:PassRole on every role lets its holder use any role a service may assume.",
        fix: "Name the roles in Resource.",
        ...passRole,
      });
    }
  }

  const characters = policyCharacters(typeof document === "string" ? document : JSON.stringify(document));
  if (characters > MANAGED_POLICY_CHARACTERS) {
    findings.push({
      level: "WARNING",
      code: "POLICY_SIZE",
      path: "",
      message: `The document has ${characters} characters; AWS takes ${MANAGED_POLICY_CHARACTERS} in a managed policy.`,
      fix: "Split it before giving it to AWS. Here it works as it is.",
    });
  }
  return findings;
}

function passRoleOnEverything(
  actions: Patterns,
  resources: Patterns | undefined,
): Patterns["values"][0]["place"] | undefined {
  if (actions.inverted || resources === undefined || resources.inverted) return undefined;
  if (!resources.values.some(({ text }) => text === "*")) return undefined;
  return actions.values.find(({ text }) => text.toLowerCase() === "iam:passrole")?.place;
}
