import { BASE_IDENTITY, type ReplayReport, replayPolicy } from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { compilePolicies, readPolicies } from "../policies/read-policies.ts";
import { openRecording } from "../recording/read-recording.ts";
import { recordContext } from "../recording/record-context.ts";
import { cloudTrailOption, type RecordingArguments, recordingOptions } from "../recording/recording-options.ts";
import { answering, includeOption, policyOption } from "../recording/what-if-options.ts";
import { printable } from "../terminal/terminal.ts";

export interface ReplayArguments extends RecordingArguments {
  readonly policy: readonly string[];
  readonly "include-unanswered"?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export function replayOptions(y: Argv, env: CliProcess["env"]): Argv<ReplayArguments> {
  return includeOption(policyOption(cloudTrailOption(recordingOptions(y, env))))
    .option("json", { type: "boolean", describe: "Print one JSON object" })
    .example("$0 replay --policy new.json", "would it have let everything through?")
    .example("$0 replay --policy new.json --since 7d --json", "of the last week, for a program")
    .epilogue(
      "Exit status: 0 all would be allowed, 1 some would be denied, 2 wrong usage, or it could not be judged.",
    ) as unknown as Argv<ReplayArguments>;
}

/** Says which recorded requests policies would deny, and by what. Resolves with 1 when there are any. */
export function replay(args: ReplayArguments, process: CliProcess): Promise<number> {
  return answering(async () => {
    const { stdout, stderr } = process;
    const policies = readPolicies(args.policy);
    const evaluator = compilePolicies(policies);
    const includeUnfinished = args["include-unanswered"] ?? false;
    const recording = await openRecording(args, process);
    let report: ReplayReport;
    try {
      report = replayPolicy(recording.records, evaluator, {
        ...{ includeUnfinished, includeDenied: includeUnfinished },
        known: recordContext(policies),
      });
    } finally {
      recording.close();
    }
    stdout.write(args.json === true ? `${JSON.stringify(report, null, 2)}\n` : replayText(report));
    for (const gap of recording.gaps) stderr.write(`Mind: ${gap}\n`);
    return report.deniedRequests === 0 ? 0 : 1;
  });
}

function replayText({ requests, allowed, denied, deniedRequests, leftOut }: ReplayReport): string {
  const lines = [
    ...denied.map(({ count, name, identity, action, resource, reason }) => {
      const what = action === undefined ? name : `${action} on ${resource}`;
      return `DENIED  ${count} × ${what}${identity === BASE_IDENTITY ? "" : ` as ${identity}`}: ${reason}`;
    }),
    `${allowed} of ${requests} requests would be allowed, ${deniedRequests} denied.`,
    ...leftOut.map(({ why, count, examples }) => `Left out: ${count} × ${why} (${examples.join(", ")})`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}
