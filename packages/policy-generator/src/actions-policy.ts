import type { PolicyStatement } from "@iap/iam-evaluator";
import { PolicyTooLargeError } from "./fit.ts";
import { charactersFor, type PolicyTarget, ROOM } from "./policy-target.ts";
import { type PolicyText, policyText } from "./policy-text.ts";
import { prove } from "./prove.ts";
import { ONLY_SID } from "./statements.ts";

/** The compact form: the actions on every resource, in one statement, and in several policies if it must be. Proven. */
export function actionsPolicies(names: Iterable<string>, target?: PolicyTarget): PolicyText[] {
  const actions = [...new Set(names)].sort();
  const policies = inPolicies(actions, target).map((some) => policyText([statement(some)], target));
  prove(
    policies.map(({ text }) => text),
    actions.map((action) => ({
      action,
      resource: { text: "*" },
      observations: [{ action, resource: ANY, context: {}, authoritative: [] }],
    })),
  );
  return policies;
}

function inPolicies(actions: readonly string[], target: PolicyTarget | undefined): string[][] {
  const groups: string[][] = [[]];
  if (target === undefined) return [[...actions]];
  const { characters, policies, name } = ROOM[target];
  let used = frame(target);
  for (const action of actions) {
    const needed = action.length + 3;
    if (used + needed > characters && (groups.at(-1) as string[]).length > 0) {
      groups.push([]);
      used = frame(target);
    }
    (groups.at(-1) as string[]).push(action);
    used += needed;
  }
  if (groups.length > policies) {
    const room = policies === 1 ? `${characters} characters` : `${policies} policies of ${characters} characters`;
    throw new PolicyTooLargeError(`${actions.length} actions do not fit: AWS gives ${name} ${room}.`);
  }
  return groups;
}

function frame(target: PolicyTarget): number {
  return charactersFor(policyText([statement([])], target).text, target);
}

function statement(Action: readonly string[]): PolicyStatement {
  return { Sid: ONLY_SID, Effect: "Allow", Action, Resource: "*" };
}

const ANY = { pattern: "*", why: "the form has actions only" };
