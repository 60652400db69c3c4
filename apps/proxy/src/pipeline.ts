import { AwsError, checkEndpoint, parseEndpoint } from "@iap/aws-core";
import { type Exchange, UpstreamError } from "@iap/interceptor";
import type { PipelineParts } from "./pipeline-parts.ts";
import { isForwarded } from "./policies/decide.ts";
import { asAwsError, renderAnswer, renderInstead, tellBroken } from "./request/answer-error.ts";
import { callAsSigned } from "./request/call-as-signed.ts";
import { callerOf } from "./request/caller.ts";
import { denial } from "./request/denial.ts";
import { eventStreamEnding } from "./request/event-stream-ending.ts";
import { isGitHost } from "./request/git-repository.ts";
import { runGit } from "./request/git-request.ts";
import { readInbound } from "./request/inbound.ts";
import { RequestStory } from "./request/request-story.ts";
import { responsePlan } from "./request/response-plan.ts";
import { isUnsigned, runUnsigned } from "./request/unsigned-request.ts";

const nothing = new Uint8Array();

/**
 * The life of one request: host, head, body, verify, resolve, decide, record, sign, forward. The order is fixed; each
 * step throws what ends the request, and one place answers it. Nothing is forwarded before it is recorded, and only
 * what was verified and decided upon is signed.
 */
export function pipeline(parts: PipelineParts): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const story = new RequestStory(exchange.head, parts);
    try {
      await run(exchange, story, parts);
    } catch (error) {
      await end(error as Error, exchange, story, parts);
    }
  };
}

async function run(exchange: Exchange, story: RequestStory, parts: PipelineParts): Promise<void> {
  const { signingKeys, resolver, allowedHosts, decide, budget, mode, now } = parts;
  const { head } = exchange;
  if (isGitHost(head.host)) return runGit(exchange, story, parts);

  // Host: the tunnel's, which the Host header equals.
  const endpoint = parseEndpoint(head.host);
  if (endpoint === undefined) {
    throw new AwsError(
      "AccessDenied",
      `${head.host} is not a host of an AWS service known here: nothing is signed for it.`,
    );
  }

  if (isUnsigned(head)) return runUnsigned(exchange, endpoint, story, parts);

  // Head: who signed, with what, for where.
  const inbound = await readInbound(exchange, parts);
  const { authorization, key } = inbound;
  const { scope } = authorization;
  story.signedBy(key, scope);
  checkEndpoint(endpoint, scope, { allowed: allowedHosts.includes });

  // Body: read whole only if the signature or the operation cannot be told without it.
  await resolver.load(scope.service);
  const whole = inbound.needsBody || resolver.needsBody({ request: inbound.request, scope, endpoint });
  const held = budget.open(key.credentials.accessKeyId);
  try {
    const body = await readBody();

    // Verify.
    const verified = inbound.verify(body, held.reserve);

    // Resolve.
    const caller = await callerOf(key, parts);
    const { credentials, identity: who, lineage } = caller;
    const account = allowedHosts.account(endpoint) ?? who.account;
    const resolved = resolver.resolve({ request: verified.request, scope, endpoint }, { account });
    const call = callAsSigned(resolved, authorization);
    story.resolvedTo(call, { payload: verified.payload, principalArn: who.principalArn, lineage });

    // Decide.
    const decision = await decide(call, caller);
    if (!isForwarded(decision, mode)) {
      await story.decided(decision, { forwarded: false });
      throw denial(decision, call, who.principalArn);
    }

    // Record, sign, forward.
    await story.decided(decision, { forwarded: true });
    const replacement = parts.credentialReplacer(call, caller);
    const signed = verified.sign({ credentials, now: now(), signingKeys });
    const result = await exchange.forward(signed.head, {
      body: signed.body,
      length: signed.length,
      response: responsePlan({
        credentials,
        session: lineage !== undefined,
        replacement,
        render: (error) => renderInstead(error, head, story, parts),
        now: parts.now,
        onErrorCode: (code) => story.errorCode(code),
      }),
      ending: eventStreamEnding((code) => story.errorCode(code)),
    });
    story.forwarded(result);
    tellBroken(result, parts);
  } finally {
    held.release();
  }

  async function readBody(): Promise<Uint8Array | undefined> {
    if (whole) return exchange.readBody({ limit: parts.maxBodyBytes, reserve: held.reserve });
    return exchange.contentLength === 0 ? nothing : undefined;
  }
}

/** Answers what ended a request, in the words of its wire form, and writes down its end. */
async function end(
  thrown: Error,
  exchange: Exchange,
  story: RequestStory,
  { onFault, now }: PipelineParts,
): Promise<void> {
  const error = asAwsError(thrown);
  if (error.code === "InternalFailure") onFault(thrown);
  else if (thrown instanceof UpstreamError) onFault(error);
  await story.refused(error);
  // Asked before: an answer that has been sent closes the exchange too.
  if (exchange.clientGone) return story.ended("aborted", undefined);
  story.errorCode(error.code);
  const answer = renderAnswer(error, exchange.head, story, now());
  await exchange.respond(answer);
  story.ended("answered", answer.status);
}
