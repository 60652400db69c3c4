import { readFileSync } from "node:fs";
import { compilePolicySet, type PolicyEvaluator, PolicyValidationError } from "@iap/iam-evaluator";
import { UsageError } from "./usage-error.ts";

/** The policies an agent is held to. */
export interface PolicySource {
  /** Undefined when there are none: nothing is judged. */
  current(agent: string): PolicyEvaluator | undefined;
}

/** Compiles the policy files once. Throws `UsageError` naming file, path in the document and the fix; the proxy then does not start. */
export function policyFiles(files: readonly string[]): PolicySource {
  if (files.length === 0) return { current: () => undefined };
  const identity = files.map((file) => ({ name: file, document: readPolicy(file) }));
  try {
    const evaluator = compilePolicySet({ identity });
    return { current: () => evaluator };
  } catch (error) {
    if (error instanceof PolicyValidationError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function readPolicy(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`the policy ${file} cannot be read: ${(error as Error).message}`);
  }
}
