import { isOneAction } from "./action-name.ts";
import { actionsPolicy } from "./actions-policy.ts";
import { type GeneratedPolicy, NothingToGrantError } from "./generated-policy.ts";
import { LeftOutLedger } from "./left-out-ledger.ts";

/**
 * The compact policy of a plain list of actions (`s3:GetObject`, one a line of `actions.log`): one statement that allows
 * them on every resource. Blank lines are passed over; a line that is not one action, a wildcard among them, is left out
 * and reported: no policy of ours grants an action nobody used. Throws `NothingToGrantError` when none remains.
 */
export function policyFromActions(actions: Iterable<string>): GeneratedPolicy {
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

  const { policy, text, characters, warnings } = actionsPolicy(granted);
  const counts = { requests, granted: used, actions: granted.size };
  return { policy, text, report: { ...counts, leftOut, declaredWildcards: [], widenings: [], characters, warnings } };
}
