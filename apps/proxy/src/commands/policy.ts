import { join } from "node:path";
import { type GeneratedPolicy, generatePolicy, NothingToGrantError, policyFromActions } from "@iap/policy-generator";
import type { CliProcess } from "../cli.ts";
import { readActivity } from "../read-activity.ts";
import { readLines } from "../read-lines.ts";
import { UsageError } from "../usage-error.ts";

export interface PolicyArguments {
  readonly dir: string;
  readonly level: "resources" | "actions";
  readonly activity?: string | undefined;
  /** Empty: the action log of `dir`. */
  readonly "from-log"?: string | undefined;
  readonly "include-unanswered"?: boolean | undefined;
}

/** Writes the policy of a recording to stdout, and what there is to know about it to stderr. */
export function writePolicy(args: PolicyArguments, { stdout, stderr }: CliProcess): number {
  const fromLog = args["from-log"];
  const file =
    fromLog === undefined
      ? args.activity || join(args.dir, "activity.jsonl")
      : fromLog || join(args.dir, "actions.log");
  let badLines = 0;
  const onBadLine = (line: number, why: string): void => {
    badLines++;
    if (badLines <= 10) stderr.write(`${file}:${line}: passed over: ${why}\n`);
  };
  const includeUnfinished = args["include-unanswered"] ?? false;
  let generated: GeneratedPolicy;
  try {
    generated =
      fromLog === undefined
        ? generatePolicy(readActivity(file, onBadLine), {
            level: args.level,
            includeUnfinished,
            includeDenied: includeUnfinished,
          })
        : policyFromActions(readLines(file));
  } catch (error) {
    if (error instanceof NothingToGrantError) throw new UsageError(error.message, { exitCode: 1 });
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new UsageError(`there is no recording at ${file}: run the proxy and something through it first`, {
        exitCode: 1,
      });
    }
    if (error instanceof Error && "syscall" in error) {
      throw new UsageError(`${file} cannot be read: ${error.message}`, { exitCode: 1, cause: error });
    }
    throw error;
  }
  if (badLines > 10) stderr.write(`${file}: ${badLines - 10} more lines passed over\n`);
  stdout.write(generated.text);
  stderr.write(reportText(generated));
  return 0;
}

function reportText({ report }: GeneratedPolicy): string {
  const lines = [
    `${report.granted} of ${report.requests} requests, ${report.actions} actions, ${report.characters} characters.`,
    ...report.leftOut.map(({ why, count, examples }) => `Left out: ${count} × ${why} (${examples.join(", ")})`),
    ...report.declaredWildcards.map(
      ({ resource, actions, why }) => `Wildcard: ${resource} for ${actions.join(", ")}: ${why}`,
    ),
    ...report.widenings.map(({ seen, resource, why }) => `Widened: ${seen} to ${resource}: ${why}`),
    ...report.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
