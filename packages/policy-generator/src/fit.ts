import { type ActionWildcard, withActionWildcards } from "./action-wildcards.ts";
import type { Grant } from "./grants.ts";
import { jsonText } from "./json-text.ts";
import { charactersFor, type PolicyTarget, ROOM } from "./policy-target.ts";
import { type PolicyText, policyText } from "./policy-text.ts";
import {
  compactStatements,
  type DraftStatement,
  readableStatements,
  withUniqueSids,
  writeStatements,
} from "./statements.ts";

/** Policies that together grant what was asked, each small enough. */
export interface Fitted {
  readonly policies: readonly PolicyText[];
  /** The statements of each policy, as they were drafted: for the provenance. */
  readonly drafts: readonly (readonly DraftStatement[])[];
  /** What had to be done for it, in the order in which it was tried. */
  readonly steps: readonly string[];
  readonly actionWildcards: readonly ActionWildcard[];
}

/** The policy does not fit what it is for, whatever is tried without granting more than was asked. */
export class PolicyTooLargeError extends Error {
  override readonly name = "PolicyTooLargeError";
}

export interface FitOptions {
  readonly target: PolicyTarget | undefined;
  readonly actionWildcards: boolean;
}

/**
 * Tries in order: statements for people to read; fewer characters for the same; several policies; wildcards in actions,
 * only if allowed and never to a wider access level. Without a target nothing has to fit, and allowed wildcards are used.
 */
export function fit(grants: readonly Grant[], { target, actionWildcards }: FitOptions): Fitted {
  const readable = readableStatements(grants);
  if (target === undefined) {
    if (!actionWildcards) return fitted([withUniqueSids(readable)], target, []);
    const { drafts, wildcards } = withActionWildcards(readable);
    return fitted([withUniqueSids(drafts)], target, [], wildcards);
  }
  if (fits(readable, target)) return fitted([withUniqueSids(readable)], target, []);

  const { policies, name, characters } = ROOM[target];
  const steps = ["statements with the same resources were merged"];
  const compact = compactStatements(grants);
  if (fits(compact, target)) return fitted([withUniqueSids(compact)], target, steps);

  const split = policies > 1 ? pack(compact, target) : undefined;
  if (split !== undefined && split.length <= policies) {
    return fitted(split, target, [...steps, `it was split into ${split.length} policies`]);
  }
  if (actionWildcards) {
    const { drafts, wildcards } = withActionWildcards(compact);
    steps.push("wildcards took the place of actions");
    if (fits(drafts, target)) return fitted([withUniqueSids(drafts)], target, steps, wildcards);
    const again = policies > 1 ? pack(drafts, target) : undefined;
    if (again !== undefined && again.length <= policies) {
      return fitted(again, target, [...steps, `it was split into ${again.length} policies`], wildcards);
    }
  }
  const needed = policyText(writeStatements(compact), target).characters;
  const room = policies === 1 ? `${characters} characters` : `${policies} policies of ${characters} characters`;
  throw new PolicyTooLargeError(
    `The policy has ${needed} characters and does not fit: AWS gives ${name} ${room}. Generalise resources (--generalize all)${actionWildcards ? "" : ", allow wildcards in actions (--action-wildcards)"}, grant actions only (--level actions), or make it for what has more room (--for managed).`,
  );
}

function fitted(
  drafts: readonly (readonly DraftStatement[])[],
  target: PolicyTarget | undefined,
  steps: readonly string[],
  actionWildcards: readonly ActionWildcard[] = [],
): Fitted {
  return { policies: drafts.map((one) => policyText(writeStatements(one), target)), drafts, steps, actionWildcards };
}

function fits(drafts: readonly DraftStatement[], target: PolicyTarget): boolean {
  return policyText(writeStatements(drafts), target).characters <= ROOM[target].characters;
}

/**
 * Statements in as many policies as it takes, in their order, a service whole where it fits: what is added to a recording
 * later moves little. A statement too large for one policy is cut by its resources, and then by its actions.
 */
function pack(drafts: readonly DraftStatement[], target: PolicyTarget): DraftStatement[][] | undefined {
  const room = ROOM[target].characters;
  const parts: DraftStatement[] = [];
  for (const draft of withUniqueSids(drafts)) {
    const cut = cutToFit(draft, target);
    if (cut === undefined) return undefined;
    parts.push(...cut);
  }
  const packed: DraftStatement[][] = [];
  let used = 0;
  for (const group of byService(parts)) {
    const size = group.reduce((sum, part) => sum + sizeOf(part, target), 0);
    const whole = size + FRAME <= room;
    for (const [i, part] of group.entries()) {
      const needed = whole && i === 0 ? size : sizeOf(part, target);
      const last = packed.at(-1);
      if (last === undefined || (used + needed > room && !(whole && i > 0))) {
        packed.push([part]);
        used = FRAME + sizeOf(part, target);
      } else {
        last.push(part);
        used += sizeOf(part, target);
      }
    }
  }
  return packed.map((policy) => withUniqueSids(policy));
}

function byService(parts: readonly DraftStatement[]): DraftStatement[][] {
  const groups = new Map<string, DraftStatement[]>();
  for (const part of parts) {
    const service = (part.actions[0] as string).split(":", 1)[0] as string;
    const known = groups.get(service);
    if (known === undefined) groups.set(service, [part]);
    else known.push(part);
  }
  return [...groups.values()];
}

function cutToFit(draft: DraftStatement, target: PolicyTarget): DraftStatement[] | undefined {
  if (sizeOf(draft, target) + FRAME <= ROOM[target].characters) return [draft];
  const { resources, actions } = draft;
  const by = resources.length > 1 ? "resources" : "actions";
  const all = by === "resources" ? resources : actions;
  if (all.length === 1) return undefined;
  const middle = Math.ceil(all.length / 2);
  const halves = [all.slice(0, middle), all.slice(middle)].map((half) => cutToFit({ ...draft, [by]: half }, target));
  return halves.some((half) => half === undefined) ? undefined : (halves.flat() as DraftStatement[]);
}

/** With its comma, and with room for a number after its Sid. */
function sizeOf(draft: DraftStatement, target: PolicyTarget): number {
  const [statement] = writeStatements([draft, draft]);
  return charactersFor(jsonText(statement), target) + 1 + 4;
}

const FRAME = JSON.stringify({ Version: "2012-10-17", Statement: [] }).length;
