import type { Argv } from "yargs";
import { UsageError } from "../usage-error.ts";

/** `--policy`, of the commands that ask what a policy would do. */
export function policyOption<T>(y: Argv<T>): Argv<T> {
  return y.option("policy", {
    type: "string",
    array: true,
    requiresArg: true,
    demandOption: true,
    describe: "IAM policy JSON; repeatable, and then they count together",
  }) as unknown as Argv<T>;
}

export function includeOption<T>(y: Argv<T>): Argv<T> {
  return y.option("include-unanswered", {
    type: "boolean",
    describe: "Also requests that AWS denied, or whose outcome is not known",
  }) as unknown as Argv<T>;
}

/** Of a command whose 1 is an answer, as of diff(1): what could not be done is 2, like wrong usage. */
export async function answering(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UsageError && error.exitCode === 1) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
