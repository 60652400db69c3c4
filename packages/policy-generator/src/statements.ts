import type { PolicyStatement } from "@iap/iam-evaluator";
import type { Grant } from "./grant-collector.ts";

/** The Sid when one statement says it all. */
export const ONLY_SID = "ProxyRecordedActions";

/**
 * Statements that grant exactly the given pairs: actions with the same resources share a statement with actions of the
 * same service; all that need `"*"` share one, the last. An action that needs `"*"` needs nothing besides.
 */
export function statementsFor(grants: readonly Grant[]): PolicyStatement[] {
  const resourcesOf = new Map<string, Set<string>>();
  for (const { check, resource } of grants) {
    const resources = resourcesOf.get(check.action);
    if (resources === undefined) resourcesOf.set(check.action, new Set([resource.text]));
    else resources.add(resource.text);
  }

  const everywhere: string[] = [];
  const groups = new Map<string, { readonly actions: string[]; readonly resources: readonly string[] }>();
  for (const action of [...resourcesOf.keys()].sort()) {
    const resources = [...(resourcesOf.get(action) as Set<string>)].sort();
    if (resources.includes("*")) {
      everywhere.push(action);
      continue;
    }
    const key = JSON.stringify([serviceOf(action), resources]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { actions: [action], resources });
    else group.actions.push(action);
  }

  const statements: PolicyStatement[] = [...groups.values()].map(({ actions, resources }) => ({
    Sid: sidFor(actions),
    Effect: "Allow",
    Action: actions,
    Resource: resources,
  }));
  if (everywhere.length > 0) {
    statements.push({ Sid: "AnyResource", Effect: "Allow", Action: everywhere, Resource: "*" });
  }
  return withUniqueSids(statements);
}

function serviceOf(action: string): string {
  return action.slice(0, action.indexOf(":"));
}

/** `S3GetObject`, `S3GetObjectAnd2More`: an action is in one statement only, so this tells statements apart. */
function sidFor(actions: readonly string[]): string {
  const words = (actions[0] as string)
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return words.join("") + (actions.length > 1 ? `And${actions.length - 1}More` : "");
}

function withUniqueSids(statements: readonly PolicyStatement[]): PolicyStatement[] {
  if (statements.length === 1) return statements.map((statement) => ({ ...statement, Sid: ONLY_SID }));
  const taken = new Set<string>();
  return statements.map((statement) => {
    let sid = statement.Sid as string;
    for (let n = 2; taken.has(sid); n++) sid = `${statement.Sid}${n}`;
    taken.add(sid);
    return { ...statement, Sid: sid };
  });
}
