import type { ActivityRecord, DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { isSelected, type RecordSelection } from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { followFile } from "../recording/follow-file.ts";
import { DECISIONS, type DecisionWord, decisionOf, LOG_HEAD, logJson, logRows } from "../recording/log-rows.ts";
import { parseRecord } from "../recording/read-activity.ts";
import { openRecording } from "../recording/read-recording.ts";
import {
  activityFile,
  type RecordingArguments,
  recordingOptions,
  selectionOf,
} from "../recording/recording-options.ts";
import { UsageError } from "../usage-error.ts";

export interface LogArguments extends RecordingArguments {
  readonly follow?: boolean | undefined;
  readonly service?: string | undefined;
  readonly action?: string | undefined;
  readonly decision?: readonly DecisionWord[] | undefined;
  readonly last?: number | undefined;
  readonly json?: boolean | undefined;
}

export function logOptions(y: Argv, env: CliProcess["env"]): Argv<LogArguments> {
  return recordingOptions(y, env)
    .option("follow", { type: "boolean", alias: "f", describe: "Go on with what is written from now on, until Ctrl-C" })
    .option("service", { type: "string", requiresArg: true, describe: "Only requests of this service: s3" })
    .option("action", { type: "string", requiresArg: true, describe: "Only requests with this action: s3:Get*" })
    .option("decision", { choices: DECISIONS, array: true, describe: "Only requests decided so; repeatable" })
    .option("last", { type: "number", alias: "n", requiresArg: true, describe: "Only the last N requests" })
    .option("json", { type: "boolean", describe: "Print a JSON object a line: the request and, in finished, its end" })
    .example("$0 log", "everything recorded, a line for each action and resource")
    .example("$0 log -f --decision denied", "what is denied, as it happens")
    .example("$0 log --since 1h --action 's3:*' --json", "for a program")
    .epilogue("Exit status: 0 printed, 1 there is no log, 2 wrong usage.") as unknown as Argv<LogArguments>;
}

/** Prints the activity log: each request with its end, in the order of the decisions; followed, in that of the ends. */
export async function showLog(args: LogArguments, process: CliProcess): Promise<number> {
  const { stdout } = process;
  const { last, service, action } = args;
  if (last !== undefined && !(Number.isInteger(last) && last >= 0)) {
    throw new UsageError(`--last must be a whole number, not ${last}`);
  }
  const selection: RecordSelection = { ...selectionOf(args, new Date()), service, action };
  const isMeant = (record: DecidedRecord): boolean =>
    isSelected(record, selection) && (args.decision === undefined || args.decision.includes(decisionOf(record)));
  const print = (decided: DecidedRecord, finished: FinishedRecord | undefined): void => {
    stdout.write(args.json === true ? logJson(decided, finished) : logRows(decided, finished));
  };

  let gone = false;
  // Who reads may have seen enough: `log | head`.
  stdout.on("error", () => {
    gone = true;
  });
  const open = new Map<string, DecidedRecord>();
  const reads = args.follow !== true || last !== undefined;
  const recording = reads ? await openRecording(args, process) : undefined;
  if (args.json !== true) stdout.write(LOG_HEAD);
  if (recording !== undefined) {
    let requests = new Map<string, { readonly decided: DecidedRecord; finished?: FinishedRecord }>();
    for (const record of recording.records) {
      // A proxy writes the end of a request after its decision, wherever others write in between.
      const request = requests.get(record.id);
      if (record.type === "finished") {
        if (request !== undefined) request.finished = record;
      } else if (isMeant(record)) {
        requests.set(record.id, { decided: record });
        // Of a long log no more is held than can be among the last.
        if (last !== undefined && requests.size > 2 * last + 1000) requests = new Map(lastOf(requests, last));
      }
    }
    recording.close();
    for (const [id, { decided, finished }] of lastOf(requests, last)) {
      if (args.follow === true && finished === undefined) open.set(id, decided);
      else print(decided, finished);
      if (gone) return 0;
    }
  }
  if (args.follow !== true) return 0;

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  for await (const line of followFile(activityFile(args), { stop: stop.signal })) {
    const record: ActivityRecord | string = parseRecord(line);
    if (typeof record === "string") continue;
    if (record.type === "decided") {
      if (isMeant(record)) open.set(record.id, record);
    } else {
      const decided = open.get(record.id);
      if (decided !== undefined) print(decided, record);
      open.delete(record.id);
    }
    if (gone) break;
  }
  // Ctrl-C does not wait for requests under way: they are shown without their end.
  for (const decided of open.values()) print(decided, undefined);
  return 0;
}

/** The last of requests, in the order of their decisions: several proxies, and a log that was renamed, mix it up a little. */
function lastOf<T extends { readonly decided: DecidedRecord }>(
  requests: ReadonlyMap<string, T>,
  last: number | undefined,
): (readonly [id: string, request: T])[] {
  const ordered = [...requests].sort(([, { decided: a }], [, { decided: b }]) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : 0,
  );
  return last === undefined ? ordered : ordered.slice(Math.max(0, ordered.length - last));
}
