export { actionMatcher } from "./action-matcher.ts";
export { MOST_ACTION_CHARACTERS } from "./candidate-index.ts";
export {
  type CompileOptions,
  compilePolicySet,
  type PolicyEvaluator,
  type PolicySet,
} from "./compile-policy-set.ts";
export { conditionOperators } from "./condition-operator.ts";
export { type AuthorizationRequest, MOST_RESOURCE_CHARACTERS } from "./evaluate.ts";
export type { ConditionTrace, Explanation, StatementTrace, Verdict } from "./explain.ts";
export {
  describeFinding,
  type Finding,
  type FindingLevel,
  type LocatedText,
  type Place,
  type PolicyFinding,
  PolicyValidationError,
} from "./finding.ts";
export { globalConditionKeys } from "./global-condition-keys.ts";
export type { ParsedCondition } from "./parse-condition.ts";
export {
  type ParsedPolicy,
  type ParsedStatement,
  type Patterns,
  type PolicyReading,
  parsePolicy,
} from "./parse-policy.ts";
export type { ParsedPrincipal, PrincipalEntry, PrincipalEntryType } from "./parse-principal.ts";
export { isValidAction, isValidResource } from "./pattern-validity.ts";
export type {
  ConditionElement,
  ConditionOperand,
  Effect,
  PolicyDocument,
  PolicyInput,
  PolicyStatement,
  PolicyVersion,
  PrincipalElement,
} from "./policy-document.ts";
export { MANAGED_POLICY_CHARACTERS, policyCharacters } from "./policy-size.ts";
export type { Principal } from "./request-principal.ts";
export { type ValidateOptions, validatePolicy } from "./validate-policy.ts";
