import { diffPolicy, type PolicyDiff } from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { readPolicies, withPolicies } from "../policies/read-policies.ts";
import { openRecording } from "../recording/read-recording.ts";
import { recordContext } from "../recording/record-context.ts";
import { cloudTrailOption, type RecordingArguments, recordingOptions } from "../recording/recording-options.ts";
import { answering, includeOption, policyOption } from "../recording/what-if-options.ts";
import { printable } from "../terminal/terminal.ts";

export interface DiffArguments extends RecordingArguments {
  readonly policy: readonly string[];
  readonly "include-unanswered"?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export function diffOptions(y: Argv, env: CliProcess["env"]): Argv<DiffArguments> {
  return includeOption(policyOption(cloudTrailOption(recordingOptions(y, env))))
    .option("json", { type: "boolean", describe: "Print one JSON object" })
    .example(
      "$0 diff --policy current.json",
      "what it grants that nobody used, and what was used that it does not grant",
    )
    .example("$0 diff --policy current.json --since 90d", "what nobody used for three months")
    .epilogue(
      "Exit status: 0 nothing unused and nothing missing, 1 otherwise, 2 wrong usage, or it could not be judged.",
    ) as unknown as Argv<DiffArguments>;
}

/** Lists what policies grant beside what was recorded: unused, missing, equal. Resolves with 1 when they differ. */
export function diff(args: DiffArguments, process: CliProcess): Promise<number> {
  return answering(async () => {
    const { stdout, stderr } = process;
    const policies = readPolicies(args.policy);
    const includeUnfinished = args["include-unanswered"] ?? false;
    const recording = await openRecording(args, process);
    let found: PolicyDiff;
    try {
      found = withPolicies(() =>
        diffPolicy(policies, recording.records, {
          ...{ includeUnfinished, includeDenied: includeUnfinished },
          known: recordContext(policies),
        }),
      );
    } finally {
      recording.close();
    }
    stdout.write(args.json === true ? `${JSON.stringify(found, null, 2)}\n` : diffText(found));
    for (const gap of recording.gaps) stderr.write(`Mind: ${gap}\n`);
    return found.unused.length + found.missing.length === 0 ? 0 : 1;
  });
}

function diffText({ unused, missing, equal, unevaluated, requests, leftOut }: PolicyDiff): string {
  const where = ({ policy, statement }: { policy: string; statement: string }): string => `${statement} in ${policy}`;
  const lines = [
    `Unused grants: ${unused.length === 0 ? "none" : ""}`,
    ...unused.map((part) => `  - ${part.actions.join(", ")} on ${part.resources.join(", ")} (${where(part)})`),
    `Missing grants: ${missing.length === 0 ? "none" : ""}`,
    ...missing.map(({ action, resource, count, reason }) => `  + ${action} on ${resource} (${count} ×): ${reason}`),
    `Granted and used: ${equal.length === 0 ? "none" : ""}`,
    ...equal.map((part) => {
      const [action = ""] = part.actions;
      const used =
        part.used.length === 1 && part.used[0]?.toLowerCase() === action.toLowerCase()
          ? ""
          : `: ${part.used.join(", ")}`;
      return `  = ${action} on ${part.resources.join(", ")} (${part.count} ×, ${where(part)})${used}`;
    }),
    ...unevaluated.map((part) => `Could not be evaluated, and counts as granting nothing: ${where(part)}: ${part.why}`),
    `${requests} requests were compared.`,
    ...leftOut.map(({ why, count, examples }) => `Left out: ${count} × ${why} (${examples.join(", ")})`),
  ];
  return lines.map((line) => `${printable(line.trimEnd())}\n`).join("");
}
