import type { Resolver } from "@iap/action-resolver";
import { AwsError, checkEndpoint, type KeyRing, parseEndpoint, type Upstreams } from "@iap/aws-core";
import { type Exchange, UpstreamError } from "@iap/interceptor";
import { type SigningKeys, sign } from "@iap/sigv4";
import { authenticate, parseAuthorization, verify } from "@iap/sigv4-verify";
import type { AllowedHosts } from "./allowed-hosts.ts";
import { asAwsError, renderAnswer } from "./answer-error.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { type Decide, isForwarded } from "./decide.ts";
import { denial } from "./denial.ts";
import type { UpstreamIdentity } from "./identity.ts";
import { RequestStory, type RequestStoryOptions } from "./request-story.ts";
import { responsePlan } from "./response-plan.ts";

export interface PipelineParts extends RequestStoryOptions {
  readonly keys: KeyRing;
  readonly signingKeys: SigningKeys;
  readonly upstreams: Upstreams;
  readonly identity: Pick<UpstreamIdentity, "current">;
  readonly resolver: Resolver;
  /** The customers' endpoints that are signed for. */
  readonly allowedHosts: AllowedHosts;
  readonly decide: Decide;
  readonly budget: ByteBudget;
  /** The longest body that is read whole, in bytes. */
  readonly maxBodyBytes: number;
  /** Told of what the agent's developer cannot mend: our bugs, and AWS refusing the real credentials. */
  readonly onFault: (error: Error) => void;
}

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
  const { keys, signingKeys, upstreams, identity, resolver, allowedHosts, decide, budget, mode, now } = parts;
  const { head } = exchange;

  // Host: the tunnel's, which the Host header equals.
  const endpoint = parseEndpoint(head.host);
  if (endpoint === undefined) {
    throw new AwsError(
      "AccessDenied",
      `${head.host} is not a host of an AWS service known here: nothing is signed for it.`,
    );
  }

  // Head: who signed, with what, for where.
  const authorization = parseAuthorization(head);
  const { scope } = authorization;
  const key = authenticate(authorization, { keys, now: now() });
  story.signedBy(key, scope);
  checkEndpoint(endpoint, scope, { allowed: allowedHosts.includes });

  // Body: read whole only if the signature or the operation cannot be told without it.
  await resolver.load(scope.service);
  const whole = authorization.payload.kind === "collect" || resolver.needsBody({ request: head, scope, endpoint });
  const held = budget.open(key.credentials.accessKeyId);
  try {
    const body = await readBody();

    // Verify.
    const verified = verify({ ...head, body }, { keys, now: now(), authorization, key, signingKeys });

    // Resolve.
    const credentials = await upstreams.credentials(key.upstream);
    const { account: own, principalArn } = identity.current(credentials);
    const account = allowedHosts.account(endpoint) ?? own;
    const call = resolver.resolve({ request: verified.request, scope, endpoint }, { account });
    story.resolvedTo(call);

    // Decide.
    const decision = await decide(call, key);
    if (!isForwarded(decision, mode)) {
      await story.decided(decision, { forwarded: false });
      throw denial(decision, call, principalArn);
    }

    // Record, sign, forward.
    await story.decided(decision, { forwarded: true });
    const signed = sign(head, {
      credentials,
      region: scope.region,
      service: scope.service,
      now: now(),
      payload: verified.payload,
      signedHeaders: authorization.signedHeaders,
      signingKeys,
    });
    const result = await exchange.forward(signed, {
      body: verified.body.kind === "bytes" ? verified.body.bytes : verified.body.filter(),
      response: responsePlan({
        credentials,
        render: (error) => {
          parts.onFault(error);
          const answer = renderAnswer(error, head, story, now());
          story.answeredInstead(answer.status);
          return answer;
        },
        onErrorCode: (code) => story.errorCode(code),
      }),
    });
    story.forwarded(result);
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
