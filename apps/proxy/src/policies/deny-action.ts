import type { ResolvedCall } from "@iap/aws-core";
import { actionMatcher, isValidAction } from "@iap/iam-evaluator";
import { actionsOf } from "../recording/actions-of.ts";
import { UsageError } from "../usage-error.ts";

/** Why the operator's own rule forbids a call, if it does. */
export type DeniedActions = (call: ResolvedCall) => string | undefined;

/**
 * The rule of `--deny-action`: names of actions, wildcards as in policies. It is above every policy, and forbids what
 * needs no permission too. What is not understood may be anything of its service, and so is forbidden where anything of
 * that service is.
 */
export function deniedActions(names: readonly string[]): DeniedActions {
  for (const name of names) {
    if (!isValidAction(name)) {
      throw new UsageError(
        `--deny-action ${name} is not an action: write "service:Action" as in a policy, wildcards in the name only, or "*"`,
      );
    }
  }
  const rules = names.map((name) => ({ name, forbids: actionMatcher([name]) }));
  return (call) => {
    for (const action of namesOf(call)) {
      const rule = rules.find(({ forbids }) => forbids(action));
      if (rule !== undefined) return `the operator forbids ${action} (--deny-action ${rule.name})`;
    }
    if (call.marker !== "unknown" && call.marker !== "ambiguous") return undefined;
    const service = `${call.service.toLowerCase()}:`;
    const rule = rules.find(({ name }) => name === "*" || name.toLowerCase().startsWith(service));
    if (rule === undefined) return undefined;
    return `the request is not understood, and may be what the operator forbids (--deny-action ${rule.name}): ${call.why ?? "its operation is not known"}`;
  };
}

/** The actions of a call, and its operations by their own names: these are the actions where it needs no permission. */
function namesOf(call: ResolvedCall): ReadonlySet<string> {
  return new Set([...actionsOf(call), ...call.operations.map((operation) => `${call.service}:${operation}`)]);
}
