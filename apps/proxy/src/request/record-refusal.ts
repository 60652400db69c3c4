import { AwsError, type RequestHead } from "@iap/aws-core";
import { RequestStory, type RequestStoryOptions } from "./request-story.ts";

/** Writes down a request that the transport refused by its form alone: it has a decision too. */
export async function recordRefusal(
  { head, status, reason }: { readonly head: RequestHead; readonly status: number; readonly reason: string },
  options: RequestStoryOptions,
): Promise<void> {
  const error = new AwsError("InvalidRequest", reason);
  const story = new RequestStory(head, options);
  await story.refused(error);
  story.errorCode(error.code);
  story.ended("answered", status);
}
