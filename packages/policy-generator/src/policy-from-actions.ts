import { isOneAction } from "./action-name.ts";
import { actionsPolicies } from "./actions-policy.ts";
import { warningsFor } from "./generate-policy.ts";
import { type GeneratedPolicy, NothingToGrantError } from "./generated-policy.ts";
import { LeftOutLedger } from "./left-out-ledger.ts";
import type { PolicyTarget } from "./policy-target.ts";

/**
 * The compact policy of a plain list of actions (`s3:GetObject`, one a line of `actions.log`): one statement that allows
 * them on every resource. Blank lines are passed over; a line that is not one action, a wildcard among them, is left out
 * and reported: no policy of ours grants an action nobody used. Throws `NothingToGrantError` when none remains.
 */
export function policyFromActions(
  actions: Iterable<string>,
  { target }: { readonly target?: PolicyTarget | undefined } = {},
): GeneratedPolicy {
  const ledger = new LeftOutLedger();
  const granted = new Set<string>();
  let requests = 0;
  let used = 0;
  for (const line of actions) {
    const action = line.trim();
    if (action === "") continue;
    requests++;
    if (isOneAction(action)) {
      used++;
      granted.add(action);
    } else {
      ledger.add("not the name of one action (service:Action)", action.slice(0, 100));
    }
  }
  const leftOut = ledger.list();
  if (granted.size === 0) throw new NothingToGrantError(leftOut);

  const policies = actionsPolicies(granted, target);
  const characters = policies.reduce((sum, one) => sum + one.characters, 0);
  const first = policies[0] as (typeof policies)[0];
  return {
    policy: first.policy,
    text: first.text,
    policies,
    report: {
      ...{ requests, granted: used, retries: 0, actions: granted.size, pairs: 0, overGrant: undefined, leftOut },
      ...{
        unknownOperations: [],
        declaredWildcards: [],
        widenings: [],
        collapsed: 0,
        conditions: [],
        unseen: [],
        actionWildcards: [],
      },
      ...{ provenance: [], characters, warnings: warningsFor(characters, policies.length, target) },
      fitting: policies.length > 1 ? [`it was split into ${policies.length} policies`] : [],
    },
  };
}
