import { isOneAction } from "./action-name.ts";
import { onActions } from "./generate-policy.ts";
import type { GeneratedPolicy } from "./generated-policy.ts";
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
  const sorted = { requests, granted: used, retries: 0, actions: granted, observed: new Map(), ledger };
  return onActions({ ...sorted, unknownOperations: [] }, { target });
}
