import type { PolicyType } from "@iap/aws-core";
import { isAboutAction } from "./action-matcher.ts";
import type { CompiledStatement } from "./compiled-statement.ts";
import type { CompiledCondition } from "./condition.ts";
import { parseConditionOperator } from "./condition-operator.ts";
import { isAboutPrincipal, isForEverybody } from "./principal-matcher.ts";
import { quote } from "./quote.ts";
import { type RequestContext, UNKNOWN } from "./request-context.ts";
import type { RequestPrincipal } from "./request-principal.ts";
import { isAboutAll, isAboutSome, type RequestedResource } from "./resource-matcher.ts";
import { NO, type Truth, UNDETERMINED, YES } from "./truth.ts";

/** A request as statements see it. */
export interface Facts {
  /** In lower case. */
  readonly action: string;
  readonly requested: RequestedResource;
  readonly context: RequestContext;
  readonly who: RequestPrincipal;
  /** Whether the principal has a permissions boundary. */
  readonly isBounded: boolean;
}

/** Whether a statement, of which the action matches or may match, is about the request. */
export function isAbout(statement: CompiledStatement, facts: Facts): Truth {
  if (isOutOfReach(statement.ref.policyType, facts)) return NO;
  let found: Truth = principalTruth(statement, facts);
  if (found === NO) return NO;
  if (actionTruth(statement, facts) === UNDETERMINED) found = UNDETERMINED;
  const resource = resourceTruth(statement, facts);
  if (resource === NO) return NO;
  if (resource === UNDETERMINED) found = UNDETERMINED;
  for (const { holds } of statement.conditions) {
    const truth = holds(facts.context);
    if (truth === NO) return NO;
    if (truth === UNDETERMINED) found = UNDETERMINED;
  }
  return found;
}

/**
 * Control policies of an organization bind the principals of its accounts (SCP) and the resources in them (RCP), and
 * neither binds service-linked roles; where there is no resource, RCPs bind nobody, nor do they keep anyone from retiring
 * a grant (Organizations User Guide, "Resource control policies": effects on permissions, and what is not restricted).
 */
export function isOutOfReach(type: PolicyType, { action, requested, who }: Facts): boolean {
  if (type === "rcp" && (requested.kind === "none" || action === "kms:retiregrant")) return true;
  if (who.isServiceLinkedRole) return type === "scp" || type === "rcp";
  return type === "scp" && isOutsider(who);
}

/** Who has no policies of their own: only a resource's policy can allow them anything. */
export function isOutsider({ kind }: RequestPrincipal): boolean {
  return kind === "anonymous" || kind === "service" || kind === "identityProvider";
}

/** `YES` is what is left for a candidate, unless there are doubts. */
function actionTruth({ actions }: CompiledStatement, { action }: Facts): Truth {
  return actions.doubtful.length === 0 ? YES : isAboutAction(actions, action);
}

export function principalTruth({ principal, ref }: CompiledStatement, { action, who, isBounded }: Facts): Truth {
  if (principal === undefined) return YES;
  const truth = isAboutPrincipal(principal, who, ref.effect, isBounded);
  if (truth !== YES || ref.policyType !== "vpcEndpoint" || !HAS_GATEWAY.test(action)) return truth;
  return who.kind === "root" || isForEverybody(principal) ? YES : UNDETERMINED;
}

/**
 * The services with gateway endpoints, whose policies know everybody and the root user of an account only; whether the
 * endpoint is one, or an interface endpoint, its policy does not tell (PrivateLink Guide, "Control access to VPC
 * endpoints using endpoint policies").
 */
const HAS_GATEWAY = /^(?:s3|dynamodb):/;

/** An Allow must be about all of what is requested; a Deny applies when it is about any of it. */
export function resourceTruth({ resources, ref }: CompiledStatement, { requested, context }: Facts): Truth {
  if (resources === undefined) return YES;
  return ref.effect === "Deny" ? isAboutSome(resources, requested, context) : isAboutAll(resources, requested, context);
}

/** What keeps a statement from being evaluated, as a clause. */
export function whyUndetermined(statement: CompiledStatement, facts: Facts): string {
  if (actionTruth(statement, facts) === UNDETERMINED) return "what it lists as actions are none";
  if (principalTruth(statement, facts) === UNDETERMINED) return "whether it is about who asks cannot be told";
  if (resourceTruth(statement, facts) === UNDETERMINED) {
    return "whether it is about the resource cannot be told: a variable in it has no single known value, or it is not a full ARN";
  }
  // Nothing else can be undetermined.
  const condition = statement.conditions.find(({ holds }) => holds(facts.context) === UNDETERMINED);
  return whyConditionUndetermined(condition as CompiledCondition, facts.context);
}

function whyConditionUndetermined(condition: CompiledCondition, context: RequestContext): string {
  const { operator, key, variables } = condition;
  if (parseConditionOperator(operator) === undefined) return `there is no condition operator ${quote(operator)}`;
  if (context.get(key) === UNKNOWN) return `the value of the condition key ${key.name} is not known`;
  const variable = variables.find((one) => context.get(one) === UNKNOWN);
  if (variable !== undefined) return `the value of the variable ${variable.name} is not known`;
  return `${operator} cannot compare the value of ${key.name} with those of the policy`;
}
