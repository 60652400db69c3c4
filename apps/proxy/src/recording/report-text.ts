import type { GeneratedPolicy } from "@iap/policy-generator";
import { printable } from "../terminal/terminal.ts";

/** What there is to know about a generated policy, a line each, for people. */
export function reportText({ report, policies }: GeneratedPolicy, gaps: readonly string[] = []): string {
  const { granted, requests, actions, characters, overGrant, retries } = report;
  const size =
    policies.length === 1 ? `${characters} characters` : `${policies.length} policies, ${characters} characters`;
  const lines = [
    `${granted} of ${requests} requests, ${actions} actions, ${size}.`,
    `Proven: the evaluator allows all ${granted} with it.${overGrant === undefined ? "" : ` Over-grant ratio ${overGrant.toFixed(2)}.`}`,
    ...(retries > 0 ? [`Retries: ${retries} more attempt${retries === 1 ? "" : "s"} of calls that count once.`] : []),
    ...report.leftOut.map(({ why, count, examples }) => `Left out: ${count} × ${why} (${examples.join(", ")})`),
    ...report.unknownOperations.map(
      (name) => `Unknown: ${name} went through without being understood; no policy can allow it`,
    ),
    ...some(
      report.declaredWildcards.map(
        ({ resource, actions, why, covers }) =>
          `Wildcard: ${resource} for ${actions.join(", ")}: ${why}${covers.length === 0 ? "" : `; it covers ${fewOf(covers)}, which other requests named`}`,
      ),
      "wildcards the requests themselves declare",
    ),
    ...some(
      report.widenings.map(
        ({ seen, count, resource, actions, why }) =>
          `Widened: ${seen}${count > 1 ? ` and ${count - 1} more` : ""} to ${resource} for ${actions.join(", ")}: ${why}`,
      ),
      "widenings",
    ),
    ...some(
      report.conditions.map(
        ({ conditions, actions, resource }) =>
          `Condition: ${Object.entries(conditions)
            .map(([key, value]) => `${key} = ${[value].flat().join(" or ")}`)
            .join(", ")} for ${actions.join(", ")} on ${resource}`,
      ),
      "conditions",
    ),
    ...some(
      report.unseen.map((sentence) => `Not in the policy: ${sentence}`),
      "such permissions",
    ),
    ...report.actionWildcards.map(({ wildcard, actions }) => `Action wildcard: ${wildcard} for ${actions.join(", ")}`),
    ...(report.collapsed > 0
      ? [`Collapsed: ${report.collapsed} resources that a wider one of the same action covers`]
      : []),
    ...report.fitting.map((step) => `To make it fit: ${step}`),
    ...gaps.map((gap) => `Mind: ${gap}`),
    ...report.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** Long lists are for `--report FILE`. */
function some(lines: readonly string[], what: string): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [
    ...lines.slice(0, MOST_LINES),
    `... and ${lines.length - MOST_LINES} more ${what}: --report FILE has them all`,
  ];
}

const MOST_LINES = 20;

function fewOf(resources: readonly string[]): string {
  const more = resources.length - MOST_NAMES;
  return `${resources.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const MOST_NAMES = 3;
