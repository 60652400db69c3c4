import { AwsError, type RequestHead, withoutHeaders } from "@iap/aws-core";
import { renderError } from "@iap/aws-errors";
import { type Answer, BodyTooLargeError, ClientGoneError, type ForwardResult, UpstreamError } from "@iap/interceptor";
import type { PipelineParts } from "../pipeline-parts.ts";
import { gitAnswer } from "./git-answer.ts";
import { isGitHost } from "./git-repository.ts";
import type { RequestStory } from "./request-story.ts";

/** What was thrown, as an error the agent can be told. What is not a known cause is our bug, and says nothing of itself. */
export function asAwsError(thrown: unknown): AwsError {
  if (thrown instanceof AwsError) return thrown;
  if (thrown instanceof BodyTooLargeError) {
    return new AwsError(
      "EntityTooLarge",
      `The request body is longer than ${thrown.limit} bytes, the most that is read to tell what a request does. S3 uploads that state their hash or are UNSIGNED-PAYLOAD stream without a limit.`,
      { cause: thrown },
    );
  }
  if (thrown instanceof UpstreamError) {
    // Clients send again what is answered 503, and not what is answered 501.
    return new AwsError(
      thrown.lasting ? "NotImplemented" : "ServiceUnavailable",
      `iam-agent-proxy could not reach AWS: ${thrown.message}`,
      { cause: thrown },
    );
  }
  if (thrown instanceof ClientGoneError) return new AwsError("InvalidRequest", thrown.message, { cause: thrown });
  return new AwsError("InternalFailure", "iam-agent-proxy failed to handle the request. Its terminal says why.", {
    cause: thrown,
  });
}

/** An error as the answer to a request, in the words of its wire form, or to git. */
export function renderAnswer(
  error: AwsError,
  request: RequestHead,
  { id, call, scope }: RequestStory,
  now: Date,
): Answer {
  if (isGitHost(request.host)) return gitAnswer(error, id);
  const { headers, ...answer } = renderError(error, {
    request,
    service: scope?.service,
    protocol: call?.marker === "unknown" || call?.marker === "ambiguous" ? undefined : call?.protocol,
    requestId: id,
    now,
  });
  // The transport frames what it sends.
  return { ...answer, headers: withoutHeaders(headers, (name) => name === "content-length") };
}

/** An answer of ours in place of AWS's, told to the terminal and to the request's story. */
export function renderInstead(
  error: AwsError,
  request: RequestHead,
  story: RequestStory,
  { onFault, now }: Pick<PipelineParts, "onFault" | "now">,
): Answer {
  // That a session of the agent's has ended is no fault: it asks for another.
  if (error.code !== "ExpiredToken") onFault(error);
  const answer = renderAnswer(error, request, story, now());
  story.answeredInstead(answer.status);
  return answer;
}

/** Tells the terminal what broke off an answer that had begun: its client sees the connection end, and no more. */
export function tellBroken({ error }: ForwardResult, { onFault }: Pick<PipelineParts, "onFault">): void {
  // What a filter throws is the client's doing, and on record.
  if (error !== undefined && !(error instanceof AwsError)) onFault(error);
}
