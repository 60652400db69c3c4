import { createServer, type Socket } from "node:net";
import { AwsError, hostForScope, type KeyRing, type RequestHead } from "@iap/aws-core";
import { type Exchange, Interceptor, type InterceptorEvent, UpstreamError, type UpstreamProxy } from "@iap/interceptor";
import { SigningKeys } from "@iap/sigv4";
import { authenticate, parseAuthorization, verify } from "@iap/sigv4-verify";
import { connectionLimit } from "./connection-limit.ts";
import { asAwsError, renderAnswer } from "./request/answer-error.ts";
import type { ByteBudget } from "./request/byte-budget.ts";
import { RequestStory, type RequestStoryOptions } from "./request/request-story.ts";
import { signUpstream } from "./request/sign-upstream.ts";
import { UsageError } from "./usage-error.ts";

export interface EndpointOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** This proxy itself, through which the requests then go like all others. */
  readonly proxy: UpstreamProxy;
  readonly rootCertificate: string;
  readonly keys: KeyRing;
  /** For what is refused here already; what goes on is recorded by the pipeline. */
  readonly records: RequestStoryOptions;
  /** Of bodies that are held here; the pipeline's own, for it holds them too. */
  readonly budget: ByteBudget;
  /** Told of what happens outside of requests, and of what is malformed. */
  readonly onEvent: (event: InterceptorEvent) => void;
}

export interface EndpointListener {
  readonly port: number;
  close(): Promise<void>;
}

/** The longest body that is read whole, for a signature that covers it without naming its hash. */
const maxBodyBytes = 32 << 20;

/**
 * Serves clients that cannot use a proxy: plain HTTP on loopback, where AWS_ENDPOINT_URL leads them. A request's
 * signature is verified as it was made, for this address; its credential scope says which of AWS's hosts it is meant
 * for. It is signed again with the agent's own key for that host, and sent through the proxy as any client would.
 */
export async function openEndpoint(options: EndpointOptions): Promise<EndpointListener> {
  const { proxy, rootCertificate, onEvent } = options;
  const signingKeys = new SigningKeys();
  const interceptor = new Interceptor({
    tunnel: "deny",
    upstreamProxy: () => proxy,
    ca: [rootCertificate],
    secureContext: () => Promise.reject(new Error("it takes no tunnels")),
    onEvent,
    // Each has two more in this process behind it: to the proxy, and from here.
    limits: { maxConnections: Math.ceil(connectionLimit(1) / 4) },
    handle: (exchange) => serve(exchange, { ...options, signingKeys }),
  });
  let bound = 0;
  const server = createServer({ noDelay: true }, (socket: Socket) =>
    interceptor.acceptRequests(socket, `127.0.0.1:${bound}`),
  );
  await new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      fail(
        new UsageError(
          `--endpoint-port ${options.port} cannot be listened on: ${error.message}. Choose another, or 0.`,
          {
            exitCode: 1,
            cause: error,
          },
        ),
      ),
    );
    server.listen({ host: "127.0.0.1", port: options.port }, done);
  });
  bound = (server.address() as { port: number }).port;
  return {
    port: bound,
    close: async () => {
      server.close();
      await interceptor.close({ graceMs: 0 });
    },
  };
}

async function serve(
  exchange: Exchange,
  { keys, records, signingKeys, budget }: EndpointOptions & { readonly signingKeys: SigningKeys },
): Promise<void> {
  const { head } = exchange;
  const { now } = records;
  const story = new RequestStory(head, records);
  let sent = false;
  let held: ReturnType<ByteBudget["open"]> | undefined;
  try {
    const authorization = parseAuthorization(head);
    const { scope } = authorization;
    const key = authenticate(authorization, { keys, now: now() });
    story.signedBy(key, scope);
    const whole = authorization.payload.kind === "collect" || exchange.contentLength === 0;
    held = budget.open(key.credentials.accessKeyId);
    const body = whole ? await exchange.readBody({ limit: maxBodyBytes, reserve: held.reserve }) : undefined;
    const verified = verify({ ...head, body }, { keys, now: now(), authorization, key, signingKeys });
    const request = { ...verified.request, ...atAws(head, hostOf(scope)) };
    const message = signUpstream({ ...verified, request }, { credentials: key.credentials, now: now(), signingKeys });
    sent = true;
    await exchange.forward(message.head, { body: message.body });
  } catch (thrown) {
    const error = asAwsError(thrown as Error);
    // What the proxy has seen it has recorded.
    const seen = sent && !(thrown instanceof UpstreamError && thrown.stage === "connect");
    if (!seen) await story.refused(error);
    if (exchange.clientGone) return seen ? undefined : story.ended("aborted", undefined);
    const answer = renderAnswer(error, head, story, now());
    await exchange.respond(answer);
    if (!seen) story.ended("answered", answer.status);
  } finally {
    held?.release();
  }
}

/** Services whose hosts say more than a scope does: an account, an access point, a zone. */
const needTheirHost: ReadonlyMap<string, string> = new Map([
  ["s3express", "S3 Express buckets are reached by hosts of their zones"],
  ["s3-outposts", "S3 on Outposts is reached by hosts of its access points"],
  ["s3-object-lambda", "Object Lambda is reached by hosts of its access points"],
  ["execute-api", "an API is reached by a host of its own"],
  ["lambda-url", "a function URL is a host of its own"],
  ["aoss", "a collection is reached by a host of its own"],
  ["es", "a domain is reached by a host of its own"],
  ["bedrock", "several services sign as bedrock, and their hosts tell them apart"],
  ["iotdevicegateway", "IoT data is reached by hosts of the account"],
]);

function hostOf(scope: { readonly service: string; readonly region: string }): string {
  const why = needTheirHost.get(scope.service);
  const host = why === undefined ? hostForScope(scope) : undefined;
  if (host !== undefined) return host;
  throw new AwsError(
    "InvalidRequest",
    `iam-agent-proxy cannot tell from an endpoint URL which host of AWS is meant: ${why ?? `'${scope.service}' in '${scope.region}' is no service and region with one host known here`}. Use HTTPS_PROXY for this service (unset AWS_ENDPOINT_URL, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true).`,
  );
}

/** The same request for another host. */
function atAws({ headers }: RequestHead, host: string): Pick<RequestHead, "headers" | "host"> {
  return {
    host,
    headers: headers.map(([name, value]) => [name, name.toLowerCase() === "host" ? host : value] as const),
  };
}
