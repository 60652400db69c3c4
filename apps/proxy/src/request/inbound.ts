import {
  type AgentKey,
  AwsError,
  type AwsRequest,
  type Headers,
  headerValue,
  type RequestHead,
  splitTarget,
} from "@iap/aws-core";
import type { BodyFilter, Exchange } from "@iap/interceptor";
import { postFormHead, queryAuthentication } from "@iap/sigv4";
import {
  type Authorization,
  authenticate,
  isPostForm,
  MAX_POST_FIELDS_BYTES,
  type PostForm,
  parseAuthorization,
  postFormReader,
  resignPostForm,
  type VerifiedPostForm,
  verify,
  verifyPostForm,
} from "@iap/sigv4-verify";
import type { PipelineParts } from "../pipeline-parts.ts";
import { withUserAgentSuffix } from "../upstream/user-agent-suffix.ts";
import { requestAsForwarded } from "./call-as-signed.ts";
import { type SignUpstreamOptions, signUpstream, type UpstreamMessage } from "./sign-upstream.ts";

type InboundParts = Pick<PipelineParts, "keys" | "now" | "signingKeys" | "userAgentSuffix">;

/** A request of which is known who claims to have signed it, in whatever form. */
export interface Inbound {
  readonly authorization: Authorization;
  readonly key: AgentKey;
  /** What the request does, as far as its head says. */
  readonly request: RequestHead;
  /** Whether the signature cannot be judged without the whole body. */
  readonly needsBody: boolean;
  /**
   * Verifies the signature, and the body as far as it is here. Throws an `AwsError` naming the cause. `reserve` is asked for
   * room when a long piece of a body that streams must be held.
   */
  verify(body: Uint8Array | undefined, reserve: (bytes: number) => void): VerifiedInbound;
}

/** A request that an agent key has signed. */
export interface VerifiedInbound {
  /** What it does, as it will be forwarded. */
  readonly request: AwsRequest;
  /** The hash line of its body; undefined where the form it is signed in has none. */
  readonly payload: string | undefined;
  sign(options: SignUpstreamOptions): UpstreamMessage;
}

/** Reads who signed a request: from its head, or for an S3 POST form, which is signed in its body, from its fields. */
export async function readInbound(exchange: Exchange, parts: InboundParts): Promise<Inbound> {
  const { head } = exchange;
  if (isPostForm(head) && !isSignedInHead(head)) return readForm(exchange, parts);
  const { keys, now, signingKeys, userAgentSuffix } = parts;
  const authorization = parseAuthorization(head);
  const key = authenticate(authorization, { keys, now: now() });
  return {
    authorization,
    key,
    request: head,
    needsBody: authorization.payload.kind === "collect",
    verify(body, reserve) {
      const { httpVersion, method, target, headers, host } = head;
      const request = { httpVersion, method, target, headers, host, body };
      const asSigned = verify(request, { keys, now: now(), authorization, key, signingKeys, reserve });
      const verified = { ...asSigned, request: withUserAgentSuffix(asSigned.request, userAgentSuffix?.(key)) };
      return {
        request: requestAsForwarded(verified.request, authorization),
        payload: verified.payload,
        sign: (upstream) => signUpstream(verified, upstream),
      };
    },
  };
}

function isSignedInHead({ headers, target }: RequestHead): boolean {
  return (
    headerValue(headers, "authorization") !== undefined || queryAuthentication(splitTarget(target).query) !== undefined
  );
}

const nothing = new Uint8Array();

async function readForm(
  exchange: Exchange,
  { keys, now, signingKeys, userAgentSuffix }: InboundParts,
): Promise<Inbound> {
  const { head } = exchange;
  let form: PostForm | undefined;
  const read = postFormReader(head);
  const begun = await exchange.readBodyHead({
    // Some more, for a piece that goes on into the file.
    limit: MAX_POST_FIELDS_BYTES + (1 << 20),
    enough: (bytes) => {
      form = read(bytes);
      return form !== undefined;
    },
  });
  if (form === undefined) throw new AwsError("IncompleteBody", "The POST form ends before its file begins.");
  const verified = verifyPostForm(head, form, { keys, now: now(), signingKeys });
  const { authorization, key } = verified;
  const forwarded = withUserAgentSuffix(head, userAgentSuffix?.(key));
  const { headers } = verified.equivalent;
  const equivalent = { ...verified.equivalent, headers: [...headers, ...userAgents(forwarded)] };
  return {
    authorization,
    key,
    request: equivalent,
    needsBody: false,
    verify: () => ({
      request: { ...equivalent, body: nothing },
      payload: undefined,
      sign: (upstream) => signForm(forwarded, exchange.contentLength, verified, begun, upstream),
    }),
  };
}

/** What a form's fields do not say of the request, and policies ask for. */
function userAgents({ headers }: RequestHead): Headers {
  return headers.filter(([name]) => name.toLowerCase() === "user-agent");
}

/** The form with other credentials: its fields are rewritten, its file streams on. */
function signForm(
  head: RequestHead,
  contentLength: number | undefined,
  verified: VerifiedPostForm,
  begun: Uint8Array,
  { credentials, now, signingKeys }: SignUpstreamOptions,
): UpstreamMessage {
  const { region } = verified.authorization.scope;
  const fields = resignPostForm(verified, { credentials, region, now, signingKeys });
  const filter = verified.filter(fields);
  const length = contentLength === undefined ? undefined : contentLength + fields.length - verified.form.length;
  return {
    head: postFormHead(head),
    body: afterwards(filter.push(begun), filter),
    length,
  };
}

/** A filter that is under way: what it has given out already goes before the rest. */
function afterwards(first: Uint8Array | undefined, filter: BodyFilter): BodyFilter {
  let waiting = first;
  const withFirst = (piece: Uint8Array | undefined): Uint8Array | undefined => {
    if (waiting === undefined) return piece;
    const all = Buffer.concat([waiting, piece].filter((part) => part !== undefined));
    waiting = undefined;
    return all;
  };
  return { push: (chunk) => withFirst(filter.push(chunk)), end: () => withFirst(filter.end()) };
}
