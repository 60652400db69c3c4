import type { DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { identityOf } from "@iap/policy-generator";
import { jsonLine, printable, verdict } from "../terminal/terminal.ts";
import { actionsOf } from "./actions-of.ts";

/** The words `log --decision` takes, and what they select. */
export const DECISIONS = ["allowed", "denied", "would-deny", "unknown"] as const;
export type DecisionWord = (typeof DECISIONS)[number];

export function decisionOf(record: DecidedRecord): DecisionWord {
  return verdict(record).toLowerCase().replace(" ", "-") as DecisionWord;
}

/** A request and its end as one JSON line. */
export function logJson(decided: DecidedRecord, finished: FinishedRecord | undefined): string {
  const { v, type, id, ...end } = finished ?? { v: undefined, type: undefined, id: undefined };
  return jsonLine({ ...decided, verdict: verdict(decided), finished: finished === undefined ? undefined : end });
}

/** A request and its end as lines of a table: one for each action and resource. */
export function logRows(decided: DecidedRecord, finished: FinishedRecord | undefined): string {
  const time = decided.time.slice(0, 19).replace("T", " ");
  const head = `${time}  ${verdict(decided).padEnd(10)}  `;
  const status = finished === undefined ? "" : String(finished.status ?? finished.outcome);
  const took = finished === undefined ? "" : `${finished.durationMs} ms`;
  const why = verdict(decided) === "ALLOWED" ? "" : `  ${decided.decision.reason}`;
  const { errorCode } = finished ?? {};
  // The reason of a refusal begins with its code.
  const code = errorCode === undefined || why.trimStart().startsWith(`${errorCode}:`) ? "" : `  ${errorCode}`;
  const by = decided.lineage === undefined ? "" : `  as ${identityOf(decided)}`;
  const rows = subjectsOf(decided).map(([action, resource]) =>
    `${head}${status.padStart(7)} ${took.padStart(9)}  ${action.padEnd(32)}  ${resource}${by}${code}${why}`.trimEnd(),
  );
  return rows.map((row) => `${printable(row)}\n`).join("");
}

export const LOG_HEAD: string = `${"TIME (UTC)".padEnd(19)}  ${"DECISION".padEnd(10)}  ${"STATUS".padStart(7)} ${"TOOK".padStart(9)}  ${"ACTION".padEnd(32)}  RESOURCE\n`;

function subjectsOf(decided: DecidedRecord): (readonly [action: string, resource: string])[] {
  if (decided.checks.length > 0) {
    return decided.checks.map(({ action, resource }) => [
      action,
      "none" in resource ? "*" : "pattern" in resource ? resource.pattern : resource.arn,
    ]);
  }
  const actions = actionsOf(decided);
  if (actions.length > 0) return actions.map((action) => [action, "-"]);
  return [[`${decided.method} ${decided.host}`, "-"]];
}
