import {
  AwsError,
  type AwsRequest,
  type CredentialScope,
  type Endpoint,
  headerValue,
  type RequestHead,
} from "@iap/aws-core";
import type { Exchange } from "@iap/interceptor";
import { passUnsigned } from "@iap/sigv4";
import { parseAuthorization, passFilter, signingForm } from "@iap/sigv4-verify";
import type { PipelineParts } from "../pipeline-parts.ts";
import { renderInstead, tellBroken } from "./answer-error.ts";
import { denial } from "./denial.ts";
import type { RequestStory } from "./request-story.ts";
import { responsePlan } from "./response-plan.ts";

/** The longest body that is read for somebody unknown, in bytes. */
const maxBodyBytes = 1 << 20;

/** Whether a request carries no AWS signature at all: nothing, or a bearer token that no AWS key made. */
export function isUnsigned(head: RequestHead): boolean {
  const authorization = headerValue(head.headers, "authorization");
  if (authorization === undefined) return signingForm(head) === "unsigned";
  return OTHER_BEARER.test(authorization);
}

const OTHER_BEARER = /^\s*bearer(?!\S)(?!\s+bedrock-api-key-)/i;

/**
 * The life of a request that nobody signed: resolved by its host, let through if its operation is one that AWS does not
 * authorise by a signature and the operator named it, recorded, and forwarded without any credentials. Everything else
 * ends as an unsigned request does.
 */
export async function runUnsigned(
  exchange: Exchange,
  endpoint: Endpoint,
  story: RequestStory,
  parts: PipelineParts,
): Promise<void> {
  const { resolver, decideUnsigned, credentialReplacer, budget } = parts;
  const { head } = exchange;
  const scope = scopeOf(endpoint);
  if (endpoint.kind !== "service" || scope === undefined) return refuse({ ...head, body: undefined });
  await resolver.load(scope.service);
  const held = budget.open("unsigned");
  try {
    const whole = resolver.needsBody({ request: head, scope, endpoint });
    const body = whole ? await exchange.readBody({ limit: maxBodyBytes, reserve: held.reserve }) : undefined;
    const call = resolver.resolve({ request: { ...head, body }, scope, endpoint });
    if (call.marker !== "unsigned" && call.marker !== "bearer") return refuse({ ...head, body });
    story.resolvedTo(call);

    const decision = decideUnsigned(call);
    const forwarded = decision.outcome === "allowed";
    await story.decided(decision, { forwarded });
    if (!forwarded) throw denial(decision, call, undefined);

    const result = await exchange.forward(passUnsigned(head), {
      body: body ?? passFilter(),
      response: responsePlan({
        credentials: undefined,
        replacement: credentialReplacer(call),
        render: (error) => renderInstead(error, head, story, parts),
        now: parts.now,
        onErrorCode: (code) => story.errorCode(code),
      }),
    });
    story.forwarded(result);
    tellBroken(result, parts);
  } finally {
    held.release();
  }
}

/** Throws the error that names what an unsigned request lacks. */
function refuse(request: AwsRequest): never {
  parseAuthorization(request);
  throw new AwsError("MissingAuthentication", "The request is not signed.");
}

/** What a request to a host would be signed for. */
function scopeOf({ signingNames, region }: Endpoint): CredentialScope | undefined {
  const [service] = signingNames;
  return service === undefined ? undefined : { date: "", region: region ?? "", service };
}
