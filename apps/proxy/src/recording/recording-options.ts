import { join } from "node:path";
import type { RecordSelection } from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { dirOption } from "../dir-option.ts";
import { UsageError } from "../usage-error.ts";

/** Which recording a command reads, and which of its requests. */
export interface RecordingArguments {
  readonly dir: string;
  readonly activity?: string | undefined;
  readonly cloudtrail?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly run?: string | undefined;
  readonly agent?: string | undefined;
  readonly identity?: string | undefined;
}

/** The options of `RecordingArguments`, alike in every command. */
export function recordingOptions<T>(y: Argv<T>, env: CliProcess["env"]): Argv<T & RecordingArguments> {
  return dirOption(y, env)
    .option("activity", {
      type: "string",
      requiresArg: true,
      describe: "Activity log to read, and those it was renamed to when it was full [default: DIR/activity.jsonl]",
    })
    .option("since", {
      type: "string",
      requiresArg: true,
      describe: "Only requests since TIME: 2026-11-24, 2026-11-24T14:30:00Z, or 30m, 12h, 7d ago",
    })
    .option("until", { type: "string", requiresArg: true, describe: "Only requests before TIME" })
    .option("run", {
      type: "string",
      requiresArg: true,
      describe: "Only requests of this run of the proxy, or of those whose id begins so",
    })
    .option("agent", { type: "string", requiresArg: true, describe: "Only requests of this agent" })
    .option("identity", {
      type: "string",
      requiresArg: true,
      describe:
        "Only what used the permissions of this identity: base, or a role that the agent assumed, by ARN or name, with * and ?",
    });
}

/** `--cloudtrail`, of the commands that read it. */
export function cloudTrailOption<T>(y: Argv<T>): Argv<T & Pick<RecordingArguments, "cloudtrail">> {
  return y
    .option("cloudtrail", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "Read CloudTrail logs instead: a file or folder of JSON, gzip or not; repeatable",
    })
    .conflicts("cloudtrail", ["activity", "run"]) as Argv<T & Pick<RecordingArguments, "cloudtrail">>;
}

/** The activity log that is meant. */
export function activityFile({ dir, activity }: RecordingArguments): string {
  return activity || join(dir, "activity.jsonl");
}

/** The requests that are meant. Throws `UsageError` for a time that is none. */
export function selectionOf({ since, until, run, agent, identity }: RecordingArguments, now: Date): RecordSelection {
  return { since: timeOf("since", since, now), until: timeOf("until", until, now), run, agent, identity };
}

function timeOf(name: string, text: string | undefined, now: Date): Date | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d+)(s|m|h|d|w)$/.exec(text);
  if (ago !== null) return new Date(now.getTime() - Number(ago[1]) * (UNITS[ago[2] as string] as number));
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `--${name} must be a time like 2026-11-24, 2026-11-24T14:30:00Z, 30m, 12h or 7d, not ${JSON.stringify(text)}`,
  );
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
