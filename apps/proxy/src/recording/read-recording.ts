import { statSync } from "node:fs";
import type { ActivityRecord, DecidedRecord } from "@iap/aws-core";
import { CLOUDTRAIL_GAPS, identityMatcher, selectRecords } from "@iap/policy-generator";
import type { CliProcess } from "../cli.ts";
import { UsageError } from "../usage-error.ts";
import { activityFiles } from "./activity-files.ts";
import { BadLines } from "./bad-lines.ts";
import { Progress } from "./progress.ts";
import { readActivity } from "./read-activity.ts";
import { readCloudTrail } from "./read-cloudtrail.ts";
import { activityFile, type RecordingArguments, selectionOf } from "./recording-options.ts";

/** A recording that is being read. */
export interface OpenRecording {
  /** The records that are meant; to be read once. */
  readonly records: Iterable<ActivityRecord>;
  /** What the recording cannot tell, in sentences. */
  readonly gaps: readonly string[];
  /** Ends the progress and says how much more was passed over. To be called when all has been read. */
  close(): void;
}

/**
 * Opens the recording a command is about. Lines that are none are told on stderr with their number and passed over, and
 * so is the progress, where stderr is a terminal. Throws `UsageError` when there is nothing to read.
 */
export async function openRecording(
  args: RecordingArguments,
  { stderr }: Pick<CliProcess, "stderr">,
): Promise<OpenRecording> {
  const selection = selectionOf(args, new Date());
  const bad = new BadLines(stderr);
  const progress = new Progress(stderr);
  const close = (): void => {
    progress.end();
    bad.end();
  };
  if (args.cloudtrail !== undefined) {
    const paths = args.cloudtrail;
    const all = await asUsageError(paths.join(", "), () =>
      readCloudTrail(
        paths,
        (file, position, why) => bad.tell(file, position, why),
        (done, total) => progress.tell("reading CloudTrail", done / total),
      ),
    );
    const { identity, ...rest } = selection;
    const own = identity === undefined ? all : ofPrincipal(all, identity);
    const records = [...selectRecords(own, rest)];
    return { records, gaps: [...principalsGap(records), ...CLOUDTRAIL_GAPS], close };
  }

  const file = activityFile(args);
  const read = new Set<number>();
  const unread = (): readonly { readonly path: string; readonly ino: number; readonly size: number }[] =>
    activityFiles(file)
      .map((path) => {
        const { ino, size } = statSync(path);
        return { path, ino, size };
      })
      .filter(({ ino }) => !read.has(ino));
  const total = (await asUsageError(file, async () => unread())).reduce((sum, { size }) => sum + size, 0);
  function* records(): Generator<ActivityRecord, void> {
    let before = 0;
    // Looked for anew each time, by what they are: a proxy that runs may rename the log meanwhile.
    for (let [next] = unread(); next !== undefined; [next] = unread()) {
      const { path, ino, size } = next;
      read.add(ino);
      const onRead = (bytes: number): void => progress.tell("reading the recording", (before + bytes) / total);
      try {
        yield* readActivity(path, (line, why) => bad.tell(path, line, why), onRead);
      } catch (error) {
        throw fileError(path, error);
      }
      before += size;
    }
  }
  return { records: selectRecords(records(), selection), gaps: [], close };
}

/** What a role or user did: a trail has the events of all. */
function ofPrincipal(records: readonly ActivityRecord[], pattern: string): ActivityRecord[] {
  const isMeant = identityMatcher(pattern);
  return records.filter((record) => record.type === "finished" || isMeant(principalOf(record)));
}

function principalOf({ role, principalArn }: DecidedRecord): string {
  return role ?? principalArn ?? "an unknown principal";
}

function principalsGap(records: readonly ActivityRecord[]): string[] {
  const principals = new Set<string>();
  for (const record of records) if (record.type === "decided") principals.add(principalOf(record));
  if (principals.size < 2) return [];
  const [first, second, third, ...others] = [...principals].sort();
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return [
    `these are events of ${principals.size} principals (${[first, second, third].filter((one) => one !== undefined).join(", ")}${more}), taken together: --identity takes those of one role or user.`,
  ];
}

async function asUsageError<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw fileError(file, error);
  }
}

/** Errors of files as the user's to mend; others as they are. */
export function fileError(file: string, error: unknown): unknown {
  if (
    !(error instanceof Error) ||
    !("syscall" in error || /^(?:Z_|ERR_)/.test(String((error as NodeJS.ErrnoException).code)))
  ) {
    return error;
  }
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    return new UsageError(`there is no recording at ${file}: run the proxy and something through it first`, {
      exitCode: 1,
    });
  }
  return new UsageError(`${file} cannot be read: ${error.message}`, { exitCode: 1, cause: error });
}
