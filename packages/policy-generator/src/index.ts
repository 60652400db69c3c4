export { type GenerateOptions, generatePolicy } from "./generate-policy.ts";
export {
  type DeclaredWildcard,
  type GeneratedPolicy,
  type GenerationReport,
  NothingToGrantError,
  type Widening,
} from "./generated-policy.ts";
export type { LeftOut } from "./left-out-ledger.ts";
export { policyFromActions } from "./policy-from-actions.ts";
