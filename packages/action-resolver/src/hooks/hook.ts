import type { CheckResource, Context } from "@iap/aws-core";
import type { MemberValue } from "../member-value.ts";
import type { CallFacts } from "../scope.ts";

/** The members that a table names for a hook, by the hook's names for them: all values that are there. */
export type HookMembers = Readonly<Record<string, readonly MemberValue[]>>;

/** Resources that a template cannot express. `kind` is what the table adds. */
export type ResourceHook = (
  members: HookMembers,
  call: CallFacts,
  kind: string | undefined,
) => readonly CheckResource[];

/** The values of a condition key that a template cannot express; none when the key is absent. */
export type ContextHook = (members: HookMembers) => readonly string[] | "unknown";

/** Checks whose actions the members decide. */
export type CheckHook = (
  members: HookMembers,
  call: CallFacts,
) => readonly { readonly action: string; readonly resource: CheckResource; readonly context?: Context }[];
