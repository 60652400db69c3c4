import { AwsError } from "@iap/aws-core";

/** The AwsError that `step` throws; anything else is a failure of the test. */
export function caught(step: () => unknown): AwsError {
  try {
    step();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
