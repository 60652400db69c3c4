/**
 * An IAM policy document, as AWS writes it (IAM User Guide, "Grammar of the IAM JSON policy language"). One statement
 * may stand without its list, and so may one action or resource.
 */
export interface PolicyDocument {
  readonly Version?: PolicyVersion | undefined;
  readonly Id?: string | undefined;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

/** In `2012-10-17` `${...}` is a policy variable; in `2008-10-17`, also the default, it is plain text. */
export type PolicyVersion = "2012-10-17" | "2008-10-17";

export type Effect = "Allow" | "Deny";

export interface PolicyStatement {
  readonly Sid?: string | undefined;
  readonly Effect: Effect;
  readonly Principal?: PrincipalElement | undefined;
  readonly NotPrincipal?: PrincipalElement | undefined;
  readonly Action?: string | readonly string[] | undefined;
  readonly NotAction?: string | readonly string[] | undefined;
  readonly Resource?: string | readonly string[] | undefined;
  readonly NotResource?: string | readonly string[] | undefined;
  readonly Condition?: ConditionElement | undefined;
}

/** `"*"`, or principals by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`. */
export type PrincipalElement = "*" | Readonly<Record<string, string | readonly string[]>>;

/** Values by operator and condition key. */
export type ConditionElement = Readonly<
  Record<string, Readonly<Record<string, ConditionOperand | readonly ConditionOperand[]>>>
>;
export type ConditionOperand = string | number | boolean;

/** A policy and the name to call it by in findings and decisions: usually its file. */
export interface PolicyInput {
  readonly name: string;
  /** Text where there is one: findings then have line and column, and duplicate keys are seen. */
  readonly document: string | PolicyDocument;
}
