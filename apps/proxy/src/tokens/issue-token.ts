import { type AgentKey, AwsError, type Decision } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { authenticate, parseAuthorization, verify, verifyGitPassword } from "@iap/sigv4-verify";
import type { PipelineParts } from "../pipeline-parts.ts";
import { isForwarded } from "../policies/decide.ts";
import { asAwsError } from "../request/answer-error.ts";
import { callerOf } from "../request/caller.ts";
import { denial } from "../request/denial.ts";
import { RequestStory, type RequestStoryOptions } from "../request/request-story.ts";
import type { TokenRequest } from "./token-request.ts";
import type { IssuedToken, TokenKind } from "./token-subject.ts";

export interface TokenIssuerOptions {
  readonly parts: RequestStoryOptions &
    Pick<PipelineParts, "keys" | "signingKeys" | "upstreams" | "identity" | "decide" | "onFault">;
  /** The kinds that `--allow-token` names. */
  readonly allowed: ReadonlySet<TokenKind>;
  /** The agent key of who asks for a token by name: the one that the same socket hands out. */
  readonly current: () => AgentKey;
}

/** Makes a token, or throws a `VerbError` that says why there is none. */
export type IssueToken = (request: TokenRequest) => Promise<IssuedToken>;

/**
 * The life of a token: verified, resolved, decided and recorded like a request, then made of the real credentials. It
 * leaves the proxy, and works without it until it ends; so each kind must be allowed by name.
 */
export function tokenIssuer({ parts, allowed, current }: TokenIssuerOptions): IssueToken {
  return async (request) => {
    const story = new RequestStory(request.subject.head, parts);
    try {
      return await issue(request, story);
    } catch (thrown) {
      const error = asAwsError(thrown);
      if (error.code === "InternalFailure") parts.onFault(thrown as Error);
      await story.refused(error);
      story.errorCode(error.code);
      story.ended("answered", undefined);
      throw new VerbError(error.code, `${error.message} (iam-agent-proxy decision ${story.id})`, { cause: thrown });
    }
  };

  async function issue(request: TokenRequest, story: RequestStory): Promise<IssuedToken> {
    const { decide, mode, now, signingKeys } = parts;
    const { subject } = request;
    const key = verified(request, story);
    const caller = await callerOf(key, parts);
    const { credentials, identity: who, lineage } = caller;
    const call = subject.call(who.account);
    story.resolvedTo(call, { principalArn: who.principalArn, lineage });
    const decision = allowed.has(subject.kind) ? await decide(call, caller) : notAllowed(subject.kind);
    const forwarded = isForwarded(decision, mode);
    await story.decided(decision, { forwarded });
    if (!forwarded) throw denial(decision, call, who.principalArn);
    const token = subject.issue({ credentials, now: now(), signingKeys });
    story.issued();
    return token;
  }

  /** The agent key that asks: it has signed what was handed in, for what is asked. */
  function verified({ subject, signed }: TokenRequest, story: RequestStory): AgentKey {
    const { keys, now, signingKeys } = parts;
    const options = { keys, now: now(), signingKeys };
    if (signed === undefined) {
      const key = current();
      story.signedBy(key, { date: "", ...subject.scope });
      return key;
    }
    if ("password" in signed) {
      const { host } = subject.head;
      const repository = { host, path: subject.head.target, region: subject.scope.region };
      const { key, authorization } = verifyGitPassword(signed, repository, options);
      story.signedBy(key, authorization.scope);
      return key;
    }
    const authorization = parseAuthorization(signed.head);
    const key = authenticate(authorization, options);
    const { form, scope, signedHeaders } = authorization;
    story.signedBy(key, scope);
    const { service, region } = subject.scope;
    const covers = signedHeaders.join() === subject.signedHeaders.join();
    if (form !== "query" || scope.service !== service || scope.region !== region || !covers) {
      throw new AwsError(
        "SignatureDoesNotMatch",
        `The token must be presigned for ${service} in ${region}, with ${subject.signedHeaders.join(" and ")} signed.`,
      );
    }
    verify({ ...signed.head, body: nothing }, { ...options, authorization, key });
    return key;
  }
}

const nothing = new Uint8Array();

function notAllowed(kind: TokenKind): Decision {
  return {
    outcome: "explicitDeny",
    reason: `tokens for ${tokenNames[kind]} are not handed out: they work without iam-agent-proxy until they end; to allow them, start it with --allow-token ${kind}`,
    by: "guard",
    policyVersion: "",
    matchedStatements: [],
    missingContextKeys: [],
    unevaluated: [],
  };
}

const tokenNames: Readonly<Record<TokenKind, string>> = {
  eks: "EKS clusters",
  rds: "RDS databases",
  dsql: "DSQL clusters",
  codecommit: "CodeCommit repositories",
};

/** What to tell at the start of a run. */
export function tokenWarnings(allowed: ReadonlySet<TokenKind>): readonly string[] {
  return [...allowed].map(
    (kind) =>
      `the agent may have tokens for ${tokenNames[kind]}: they are REAL, hold for up to 15 minutes without this proxy, and carry the access key id and the session token of the credentials that made them, though not the secret key`,
  );
}
