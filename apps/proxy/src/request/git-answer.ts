import type { AwsError } from "@iap/aws-core";
import type { Answer } from "@iap/interceptor";

/** An error as git shows it to its user: its body, if it is plain text. A 401 makes git ask its helper for a password. */
export function gitAnswer(error: AwsError, decisionId: string): Answer {
  const body = Buffer.from(`${error.message} (iam-agent-proxy decision ${decisionId})\n`);
  const headers = [["Content-Type", "text/plain; charset=utf-8"]] as const;
  if (error.code !== "MissingAuthentication") return { status: statuses.get(error.code) ?? 403, headers, body };
  return { status: 401, headers: [...headers, ["WWW-Authenticate", 'Basic realm="CodeCommit"']], body };
}

const statuses: ReadonlyMap<AwsError["code"], number> = new Map([
  ["InternalFailure", 500],
  ["NotImplemented", 501],
  ["ServiceUnavailable", 503],
]);
