import { readFileSync } from "node:fs";
import { compilePolicySet, type PolicyEvaluator, type PolicyInput, PolicyValidationError } from "@iap/iam-evaluator";
import { UsageError } from "../usage-error.ts";

/** Gives the text of a file, or throws why it cannot. */
export type ReadText = (file: string) => string;

export const fromDisk: ReadText = (file) => readFileSync(file, "utf8");

/** Policy files as the libraries take them. Throws `UsageError` for one that cannot be read. */
export function readPolicies(files: readonly string[]): PolicyInput[] {
  return files.map((name) => ({ name, document: policyText(name, fromDisk) }));
}

/** The text of a policy file. Throws `UsageError` when it cannot be read. */
export function policyText(file: string, read: ReadText): string {
  try {
    return read(file);
  } catch (error) {
    throw new UsageError(`the policy ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Runs what compiles policies; what is wrong with them is the user's to mend. */
export function withPolicies<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof PolicyValidationError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

export function compilePolicies(inputs: readonly PolicyInput[]): PolicyEvaluator {
  return withPolicies(() => compilePolicySet({ identity: [...inputs] }));
}
