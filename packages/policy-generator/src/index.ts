export { accessLevelOf } from "./access-level.ts";
export type { AccessLevel } from "./access-level-by-name.ts";
export type { ActionWildcard } from "./action-wildcards.ts";
export {
  CLOUDTRAIL_GAPS,
  type CloudTrailOptions,
  recordsFromCloudTrail,
  type TrailCall,
  type TrailOperation,
} from "./cloudtrail.ts";
export type { LearnedConditions } from "./conditions.ts";
export { diffPolicy, type MissingGrant, type PolicyDiff, type StatementPart, type UsedGrant } from "./diff-policy.ts";
export { PolicyTooLargeError } from "./fit.ts";
export {
  type FormatOptions,
  formatPolicies,
  POLICY_FORMATS,
  type PolicyFormat,
  PolicyFormatError,
} from "./format-policies.ts";
export {
  generatePolicies,
  type IdentityPolicy,
  type IdleIdentity,
  joinPolicies,
  type PoliciesByIdentity,
} from "./generate-policies.ts";
export { GENERALISE_RULES, type GeneraliseRule, type GenerateOptions, generatePolicy } from "./generate-policy.ts";
export {
  type DeclaredWildcard,
  type GeneratedPolicy,
  type GenerationReport,
  type LearnedCondition,
  NothingToGrantError,
  type Provenance,
  type Widening,
} from "./generated-policy.ts";
export { BASE_IDENTITY, identityMatcher, identityOf, keepsPrincipal } from "./identity.ts";
export type { LeftOut } from "./left-out-ledger.ts";
export { type MergedPolicy, type MergeOptions, mergePolicy } from "./merge-policy.ts";
export { policyFromActions } from "./policy-from-actions.ts";
export { charactersFor, type PolicyTarget, ROOM, type Room } from "./policy-target.ts";
export type { PolicyText } from "./policy-text.ts";
export type { KnownKeys } from "./recording.ts";
export { type ReplayDenial, type ReplayReport, replayPolicy } from "./replay-policy.ts";
export { isSelected, type RecordSelection, selectRecords } from "./select-records.ts";
export type { WhatIfOptions, WhichCount } from "./which-count.ts";
