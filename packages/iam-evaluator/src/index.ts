export {
  type CompileOptions,
  compilePolicySet,
  type PolicyEvaluator,
  type PolicySet,
} from "./compile-policy-set.ts";
export { type AuthorizationRequest, MOST_RESOURCE_CHARACTERS } from "./evaluate.ts";
export {
  describeFinding,
  type Finding,
  type FindingLevel,
  type Place,
  type PolicyFinding,
  PolicyValidationError,
} from "./finding.ts";
export {
  type LocatedText,
  type ParsedPolicy,
  type ParsedStatement,
  type Patterns,
  type PolicyReading,
  parsePolicy,
  type UnreadElement,
} from "./parse-policy.ts";
export { isValidAction, isValidResource } from "./pattern-validity.ts";
export type { Effect, PolicyDocument, PolicyInput, PolicyStatement, PolicyVersion } from "./policy-document.ts";
export { MANAGED_POLICY_CHARACTERS, policyCharacters } from "./policy-size.ts";
export type { JsonMember, JsonNode } from "./strict-json.ts";
export { validatePolicy } from "./validate-policy.ts";
