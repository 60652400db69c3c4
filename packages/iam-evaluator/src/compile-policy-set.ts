import { createHash } from "node:crypto";
import type { Decision, PolicyType } from "@iap/aws-core";
import { compileActions } from "./action-matcher.ts";
import { indexByAction } from "./candidate-index.ts";
import type { CompiledStatement, PolicyGroup } from "./compiled-statement.ts";
import { compileCondition } from "./condition.ts";
import { type AuthorizationRequest, decide, decideAll } from "./evaluate.ts";
import { type Explanation, explain } from "./explain.ts";
import { type PolicyFinding, PolicyValidationError } from "./finding.ts";
import { type ParsedPolicy, parsePolicy } from "./parse-policy.ts";
import type { PolicyInput } from "./policy-document.ts";
import { compilePrincipal } from "./principal-matcher.ts";
import { compileResources } from "./resource-matcher.ts";
import { variablesOf } from "./template.ts";
import { adviseOn } from "./validate-policy.ts";

/** The policies that decide together, by type (IAM User Guide, "Policy evaluation logic"). */
export interface PolicySet {
  /** Identity-based policies: together they allow what any of them allows and none of them denies. */
  readonly identity: readonly PolicyInput[];
  /** Permissions boundaries; each must allow. AWS takes one. None when empty. */
  readonly permissionsBoundary?: readonly PolicyInput[] | undefined;
  /**
   * The session policies of a role session (`Policy` and `PolicyArns` of AssumeRole): together they must allow. None when
   * empty; then a federated user session may do only what a resource's policy allows it by name.
   */
  readonly session?: readonly PolicyInput[] | undefined;
  /** Service control policies by level, the root first: each level must allow. */
  readonly scp?: readonly (readonly PolicyInput[])[] | undefined;
  /** Resource control policies by level. `RCPFullAWSAccess` is always attached, so only what they deny counts. */
  readonly rcp?: readonly (readonly PolicyInput[])[] | undefined;
  /**
   * The resource's own policy: a bucket policy, a key policy, a role's trust policy. `null`: it has none, so nothing of
   * another account may use it. Absent: resource policies are left to AWS.
   */
  readonly resource?: PolicyInput | null | undefined;
  /** The policy of the VPC endpoint that the request comes through; it must allow. None when empty. */
  readonly vpcEndpoint?: readonly PolicyInput[] | undefined;
}

export interface CompileOptions {
  /** Names the set in decisions. Default: the first 12 hexadecimal digits of the SHA-256 of its names and documents. */
  readonly version?: string | undefined;
  /**
   * What becomes of a policy that AWS would refuse. `error` (default): nothing is compiled. `warn`: it is evaluated as
   * far as it can be read, and what cannot be evaluated is undetermined: it denies in a Deny and does not allow in an
   * Allow. A document that has not the form of a policy is refused in any case.
   */
  readonly validate?: "error" | "warn" | undefined;
}

/** Policies, ready to decide. Nothing a request says changes it, but for a bounded memo. */
export interface PolicyEvaluator {
  readonly version: string;
  /** What is worth saying about the policies. */
  readonly findings: readonly PolicyFinding[];
  /** The condition keys that the policies ask for, variables included, as they write them. */
  readonly contextKeys: ReadonlySet<string>;
  /** Decides one check. Never throws on request data; what it cannot make sense of, it denies. */
  evaluate(request: AuthorizationRequest): Decision;
  /** Decides a call: allowed when every check is; otherwise the first explicit deny decides, or else the first denial. */
  evaluateAll(checks: readonly AuthorizationRequest[]): Decision;
  /** Whether one check is allowed, with no reason given. */
  allows(request: AuthorizationRequest): boolean;
  /** The decision, and how each statement and condition came out. Slower; for people. */
  explain(request: AuthorizationRequest): Explanation;
}

/**
 * Parses, validates and compiles policies. Throws `PolicyValidationError`, with every reason, when AWS would refuse one
 * of them: such a policy is never evaluated in part, unless `validate` says so.
 */
export function compilePolicySet(
  set: PolicySet,
  { version, validate = "error" }: CompileOptions = {},
): PolicyEvaluator {
  refuseUnknownTypes(set);
  const findings: PolicyFinding[] = [];
  const hash = createHash("sha256");
  let unreadable = false;
  const groupOf = (type: PolicyType, level: string, inputs: readonly PolicyInput[]): PolicyGroup => {
    const statements: CompiledStatement[] = [];
    for (const { name, document } of inputs) {
      const { policy, findings: read } = parsePolicy(document, type);
      const more = policy === undefined ? [] : adviseOn(policy, document, type);
      for (const finding of [...read, ...more]) findings.push({ policy: name, ...finding });
      if (policy === undefined) unreadable = true;
      else statements.push(...compileStatements(policy, name, type));
      const text = typeof document === "string" || policy === undefined ? String(document) : JSON.stringify(document);
      hash.update(`${type}${level}:${name.length}:${name}${text.length}:${text}`);
    }
    return { type, statements };
  };

  const { identity, permissionsBoundary = [], session = [], scp = [], rcp = [], resource, vpcEndpoint = [] } = set;
  const groups: PolicyGroup[] = [
    ...scp.map((level, i) => groupOf("scp", String(i), level)),
    ...rcp.map((level, i) => groupOf("rcp", String(i), level)),
    ...(resource === undefined ? [] : [groupOf("resource", "", resource === null ? [] : [resource])]),
    ...(vpcEndpoint.length === 0 ? [] : [groupOf("vpcEndpoint", "", vpcEndpoint)]),
    groupOf("identity", "", identity),
    ...permissionsBoundary.map((input, i) => groupOf("permissionsBoundary", String(i), [input])),
    groupOf("session", "", session),
  ];
  const errors = findings.filter(({ level }) => level === "ERROR");
  if (unreadable || (errors.length > 0 && validate === "error")) throw new PolicyValidationError(errors);

  const compiled = {
    groups,
    candidatesFor: indexByAction(groups),
    version: version ?? hash.digest("hex").slice(0, 12),
    judgesResource: resource !== undefined,
    hasResourcePolicy: resource !== undefined && resource !== null,
    isBounded: permissionsBoundary.length > 0,
    hasSessionPolicy: session.length > 0,
  };
  return {
    version: compiled.version,
    findings,
    contextKeys: contextKeysOf(groups),
    evaluate: (request) => decide(request, compiled),
    evaluateAll: (requests) => decideAll(requests, compiled),
    allows: (request) => decide(request, compiled).outcome === "allowed",
    explain: (request) => explain(request, compiled),
  };
}

const MEMBERS: Readonly<Record<keyof PolicySet, true>> = {
  identity: true,
  permissionsBoundary: true,
  session: true,
  scp: true,
  rcp: true,
  resource: true,
  vpcEndpoint: true,
};

/** A misspelt type must not be a policy that is left out. */
function refuseUnknownTypes(set: PolicySet): void {
  for (const type of Object.keys(set)) {
    if (!Object.hasOwn(MEMBERS, type)) {
      throw new TypeError(`"${type}" is not a type of policy here: these are ${Object.keys(MEMBERS).join(", ")}.`);
    }
  }
}

function compileStatements(
  { version, statements }: ParsedPolicy,
  policy: string,
  policyType: PolicyType,
): CompiledStatement[] {
  const variables = version === "2012-10-17";
  return statements.map(({ sid, effect, actions, resources, conditions, principal }, index) => ({
    ref: { policyType, policy, ...(sid === undefined ? {} : { sid }), index, effect },
    label: `statement ${sid ?? index} in ${policy}`,
    actions: compileActions(texts(actions.values), actions.inverted),
    principal: principal === undefined ? undefined : compilePrincipal(principal),
    resources:
      resources === undefined
        ? undefined
        : compileResources(texts(resources.values), { inverted: resources.inverted, variables }),
    conditions: conditions.map((condition) => compileCondition(condition, variables)),
  }));
}

function texts(values: readonly { readonly text: string }[]): string[] {
  return values.map(({ text }) => text);
}

function contextKeysOf(groups: readonly PolicyGroup[]): ReadonlySet<string> {
  const found = new Map<string, string>();
  const add = ({ name, lowerCase }: { readonly name: string; readonly lowerCase: string }): void => {
    if (!found.has(lowerCase)) found.set(lowerCase, name);
  };
  for (const { conditions, resources } of groups.flatMap(({ statements }) => statements)) {
    for (const { key, variables } of conditions) {
      add(key);
      for (const variable of variables) add(variable);
    }
    for (const { template } of resources?.templates ?? []) for (const { key } of variablesOf(template)) add(key);
  }
  return new Set(found.values());
}
