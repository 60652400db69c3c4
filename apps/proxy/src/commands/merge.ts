import { type MergedPolicy, mergePolicy } from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { readPolicies, withPolicies } from "../policies/read-policies.ts";
import { openRecording } from "../recording/read-recording.ts";
import { recordContext } from "../recording/record-context.ts";
import { cloudTrailOption, type RecordingArguments, recordingOptions } from "../recording/recording-options.ts";
import { answering, includeOption, policyOption } from "../recording/what-if-options.ts";
import { writeFile } from "../recording/write-file.ts";
import { printable } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { generaliseRules, generalizeOptions } from "./policy.ts";

export interface MergeArguments extends RecordingArguments {
  readonly policy: readonly string[];
  readonly "include-unanswered"?: boolean | undefined;
  readonly generalize?: readonly string[] | undefined;
  readonly siblings: number;
  readonly conditions: boolean;
  readonly output?: string | undefined;
}

export function mergeOptions(y: Argv, env: CliProcess["env"]): Argv<MergeArguments> {
  return includeOption(policyOption(generalizeOptions(cloudTrailOption(recordingOptions(y, env)))))
    .option("output", {
      type: "string",
      requiresArg: true,
      describe: "Write to FILE, which may be the policy itself, instead of stdout",
    })
    .example("$0 merge --policy agent.json > wider.json", "with what was recorded and is not granted yet")
    .example("$0 merge --policy agent.json --output agent.json --since 1h", "in place, with what the last hour needed")
    .epilogue(
      "What is in the policy stays as it is written: order, Sids, blanks and line breaks.\n" +
        "Exit status: 0 written, 1 written, but a Deny of the policy is about recorded requests, 2 wrong usage, or it could not be done.",
    ) as unknown as Argv<MergeArguments>;
}

/** Widens a policy by what was recorded and writes it to stdout; what was added goes to stderr. */
export function merge(args: MergeArguments, process: CliProcess): Promise<number> {
  return answering(async () => {
    const { stdout, stderr } = process;
    const [policy, ...others] = readPolicies(args.policy);
    if (policy === undefined || others.length > 0) throw new UsageError("merge takes one --policy: the one to widen");
    const generalise = generaliseRules(args);
    const includeUnfinished = args["include-unanswered"] ?? false;
    const recording = await openRecording(args, process);
    let merged: MergedPolicy;
    try {
      merged = withPolicies(() =>
        mergePolicy(policy, recording.records, {
          ...{ includeUnfinished, includeDenied: includeUnfinished, generalise },
          known: recordContext([policy]),
          siblings: args.siblings,
          conditions: args.conditions,
          byIdentity: args.identity === undefined,
        }),
      );
    } finally {
      recording.close();
    }
    if (args.output === undefined) stdout.write(merged.text);
    else writeFile(args.output, merged.text);
    stderr.write(mergeText(merged));
    for (const gap of recording.gaps) stderr.write(`Mind: ${gap}\n`);
    return merged.conflicts.length === 0 ? 0 : 1;
  });
}

function mergeText({ added, conflicts, requests, leftOut }: MergedPolicy): string {
  const lines = [
    added.length === 0
      ? `Nothing to add: of ${requests} requests the policy allows all that count.`
      : `${requests} requests; ${added.length} additions.`,
    ...added.map(
      ({ statement, isNew, actions, resources }) =>
        `${isNew ? "New statement" : "Added to"} ${statement}: ${actions.join(", ")} on ${resources.join(", ")}`,
    ),
    ...conflicts.map(({ action, resource, reason }) => `Still denied: ${action} on ${resource}: ${reason}`),
    ...leftOut.map(({ why, count, examples }) => `Left out: ${count} × ${why} (${examples.join(", ")})`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}
