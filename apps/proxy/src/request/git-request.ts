import { AwsError, headerValue, type RequestHead, type ResolvedCall, splitTarget } from "@iap/aws-core";
import type { Exchange } from "@iap/interceptor";
import { GIT_SERVICE, queryParameters, signGitRequest } from "@iap/sigv4";
import { passFilter, readBasicPassword, verifyGitPassword } from "@iap/sigv4-verify";
import type { PipelineParts } from "../pipeline-parts.ts";
import { isForwarded } from "../policies/decide.ts";
import { withUserAgentSuffix } from "../upstream/user-agent-suffix.ts";
import { renderInstead, tellBroken } from "./answer-error.ts";
import { callerOf } from "./caller.ts";
import { denial } from "./denial.ts";
import { type GitAction, gitCheck, gitRepository, type NamedRepository } from "./git-repository.ts";
import type { RequestStory } from "./request-story.ts";
import { responsePlan } from "./response-plan.ts";

/**
 * The life of a request of git's to CodeCommit, whose password is a signature (`gitPassword`): what it does is told by the
 * path, as git's HTTP transport has it (gitprotocol-http(5)). It is verified, decided, recorded and goes on with a password of
 * the real credentials; its body streams. Errors are plain text, which git shows to its user.
 */
export async function runGit(exchange: Exchange, story: RequestStory, parts: PipelineParts): Promise<void> {
  const { keys, signingKeys, decide, mode, now, userAgentSuffix } = parts;
  const { head } = exchange;
  const asked = readGitRequest(head);
  if (asked === undefined) {
    throw new AwsError(
      "AccessDenied",
      "This is no request that git makes of a repository of CodeCommit; nothing is signed for it.",
    );
  }
  const { repository, action } = asked;
  const password = readBasicPassword(head);
  if (password === undefined) {
    throw new AwsError(
      "MissingAuthentication",
      "Git is asked for the password of the repository: let `aws codecommit credential-helper` make it.",
    );
  }
  const { key, authorization } = verifyGitPassword(password, repository, { keys, now: now(), signingKeys });
  story.signedBy(key, authorization.scope);

  const caller = await callerOf(key, parts);
  const { credentials, identity: who, lineage } = caller;
  const request = withUserAgentSuffix(head, userAgentSuffix?.(key));
  const call = gitCall(request, repository, action, who.account);
  story.resolvedTo(call, { principalArn: who.principalArn, lineage });

  const decision = await decide(call, caller);
  const forwarded = isForwarded(decision, mode);
  await story.decided(decision, { forwarded });
  if (!forwarded) throw denial(decision, call, who.principalArn);

  const result = await exchange.forward(signGitRequest(request, repository, { credentials, now: now(), signingKeys }), {
    body: passFilter(),
    response: responsePlan({
      credentials,
      session: lineage !== undefined,
      render: (error) => renderInstead(error, head, story, parts),
      now,
      onErrorCode: (code) => story.errorCode(code),
    }),
  });
  story.forwarded(result);
  tellBroken(result, parts);
}

/** What a request is about, if it is one that git makes. */
function readGitRequest(
  head: RequestHead,
): { readonly repository: NamedRepository; readonly action: GitAction } | undefined {
  const { path, query = "" } = splitTarget(head.target);
  const [, place = "", what = ""] =
    /^(\/v1\/repos\/[^/]+)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(path) ?? [];
  const repository = gitRepository(head.host, place);
  const parameters = queryParameters(query);
  const discovers =
    head.method === "GET" && what === "info/refs" && parameters.length === 1 && parameters[0]?.name === "service";
  const service = discovers ? parameters[0]?.rawValue : head.method === "POST" && query === "" ? what : undefined;
  const action = service === undefined ? undefined : actions.get(service);
  return repository === undefined || action === undefined ? undefined : { repository, action };
}

/** By the program of git's at the other end. */
const actions: ReadonlyMap<string, GitAction> = new Map([
  ["git-upload-pack", "codecommit:GitPull"],
  ["git-receive-pack", "codecommit:GitPush"],
]);

function gitCall(
  { headers }: RequestHead,
  repository: NamedRepository,
  action: GitAction,
  account: string | undefined,
): ResolvedCall {
  const check = gitCheck(action, repository, account);
  const userAgent = headerValue(headers, "user-agent");
  return {
    service: GIT_SERVICE,
    operations: [action.slice(action.indexOf(":") + 1)],
    protocol: "restJson1",
    region: repository.region,
    account,
    checks: [
      {
        ...check,
        context: { ...check.context, ...(userAgent === undefined ? {} : { "aws:UserAgent": userAgent }) },
        authoritative: [...check.authoritative, "aws:UserAgent"],
      },
    ],
  };
}
