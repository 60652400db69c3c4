import { createHash } from "node:crypto";
import type { Decision } from "@iap/aws-core";
import { compileActions } from "./action-matcher.ts";
import { indexByAction } from "./candidate-index.ts";
import type { CompiledStatement } from "./compiled-statement.ts";
import { type AuthorizationRequest, decide, decideAll } from "./evaluate.ts";
import { type PolicyFinding, PolicyValidationError } from "./finding.ts";
import { type ParsedPolicy, parsePolicy } from "./parse-policy.ts";
import type { PolicyInput } from "./policy-document.ts";
import { compileResources } from "./resource-matcher.ts";
import { unsupportedIn } from "./unsupported.ts";
import { adviseOn } from "./validate-policy.ts";

/** The policies that decide together, by type. */
export interface PolicySet {
  /** Identity-based policies: together they allow what any of them allows and none of them denies. */
  readonly identity: readonly PolicyInput[];
}

export interface CompileOptions {
  /** Names the set in decisions. Default: the first 12 hexadecimal digits of the SHA-256 of its names and documents. */
  readonly version?: string | undefined;
}

/** Policies, ready to decide. Nothing a request says changes it, but for a bounded memo. */
export interface PolicyEvaluator {
  readonly version: string;
  /** What is worth saying about the policies, errors aside: a set with errors is not compiled. */
  readonly findings: readonly PolicyFinding[];
  /** Decides one check. Never throws on request data; what it cannot make sense of, it denies. */
  evaluate(request: AuthorizationRequest): Decision;
  /** Decides a call: allowed when every check is; otherwise the first explicit deny decides, or else the first denial. */
  evaluateAll(checks: readonly AuthorizationRequest[]): Decision;
}

/**
 * Parses, validates and compiles policies. Throws `PolicyValidationError`, with every reason, when a policy is invalid
 * or uses what is not supported yet: such a policy is never evaluated in part.
 */
export function compilePolicySet(set: PolicySet, { version }: CompileOptions = {}): PolicyEvaluator {
  for (const type of Object.keys(set)) {
    if (type !== "identity")
      throw new TypeError(`Policies of type "${type}" are not supported yet: only "identity" is.`);
  }

  const statements: CompiledStatement[] = [];
  const findings: PolicyFinding[] = [];
  const hash = createHash("sha256");
  for (const { name, document } of set.identity) {
    const { policy, findings: read } = parsePolicy(document, "identity");
    const more = policy === undefined ? [] : [...unsupportedIn(policy), ...adviseOn(policy, document)];
    for (const finding of [...read, ...more]) findings.push({ policy: name, ...finding });
    if (policy !== undefined) statements.push(...compileStatements(policy, name));
    const text = typeof document === "string" || policy === undefined ? String(document) : JSON.stringify(document);
    hash.update(`${name.length}:${name}${text.length}:${text}`);
  }
  const errors = findings.filter(({ level }) => level === "ERROR");
  if (errors.length > 0) throw new PolicyValidationError(errors);

  const policyVersion = version ?? hash.digest("hex").slice(0, 12);
  const candidatesFor = indexByAction(statements);
  return {
    version: policyVersion,
    findings,
    evaluate: (request) => decide(request, candidatesFor, policyVersion),
    evaluateAll: (requests) => decideAll(requests, candidatesFor, policyVersion),
  };
}

function compileStatements({ version, statements }: ParsedPolicy, policy: string): CompiledStatement[] {
  const dialect = version === "2012-10-17" ? "resourceWithEscapes" : "resource";
  return statements.map(({ sid, effect, actions, resources }, index) => {
    if (resources === undefined) throw new Error("An identity-based statement was read without its resources.");
    return {
      ref: { policyType: "identity", policy, ...(sid === undefined ? {} : { sid }), index, effect },
      label: `statement ${sid ?? index} in ${policy}`,
      actions: compileActions(texts(actions.values), actions.inverted),
      resources: compileResources(texts(resources.values), { inverted: resources.inverted, dialect }),
    };
  });
}

function texts(values: readonly { readonly text: string }[]): string[] {
  return values.map(({ text }) => text);
}
