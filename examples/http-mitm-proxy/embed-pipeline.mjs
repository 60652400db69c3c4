import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createResolver, mintsCredentials } from "@iap/action-resolver";
import { AwsError, checkEndpoint, parseEndpoint } from "@iap/aws-core";
import { renderError } from "@iap/aws-errors";
import { SigningKeys, signStream } from "@iap/sigv4";
import { authenticate, parseAuthorization, verify } from "@iap/sigv4-verify";

const maxBodyBytes = 1 << 20;

/**
 * Puts the life of a request into an http-mitm-proxy: host, head, body, verify, resolve, decide, record, sign. What is
 * not verified and allowed never leaves; what leaves is signed with `credentials`.
 *
 * @param {import("http-mitm-proxy").Proxy} proxy
 * @param {{
 *   keys: import("@iap/aws-core").KeyRing,
 *   credentials: import("@iap/aws-core").Credentials,
 *   policy: import("@iap/iam-evaluator").PolicyEvaluator,
 *   record: (line: string) => void,
 * }} options
 */
export function embedPipeline(proxy, { keys, credentials, policy, record }) {
  const signingKeys = new SigningKeys();
  const resolver = createResolver({
    load: async (shard) => {
      const file = fileURLToPath(import.meta.resolve(`@iap/action-resolver/data/${shard}.json`));
      return JSON.parse(await readFile(file, "utf8"));
    },
  });

  proxy.onRequest((ctx, goOn) => {
    admit(ctx).then(goOn, (error) => answer(ctx, error));
  });

  async function admit(ctx) {
    const head = headOf(ctx);
    const now = new Date();
    if (!ctx.isSSL || Number(ctx.proxyToServerRequestOptions.port) !== 443) {
      throw new AwsError("InvalidRequest", "AWS is reached over TLS, on port 443.");
    }

    // Host: http-mitm-proxy connects to where the Host header says, so that is what must be AWS's.
    const endpoint = parseEndpoint(head.host);
    if (endpoint === undefined) throw new AwsError("AccessDenied", `${head.host} is not a host of AWS.`);

    // Head: who signed, with what, for where.
    const authorization = parseAuthorization(head);
    const key = authenticate(authorization, { keys, now });
    const { scope } = authorization;
    checkEndpoint(endpoint, scope);

    // Body: read whole only if the signature or the operation cannot be told without it.
    await resolver.load(scope.service);
    const whole = authorization.payload.kind === "collect" || resolver.needsBody({ request: head, scope, endpoint });
    const bytes = whole ? await readBody(ctx.clientToProxyRequest) : undefined;

    // Verify, resolve, decide, record.
    const { request, payload, body } = verify({ ...head, body: bytes }, { keys, now, authorization, key, signingKeys });
    const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
    const decision = decide(call);
    record(`${decision.outcome}  ${call.service}:${call.operations.join("|") || "?"}`);
    if (decision.outcome !== "allowed") throw new AwsError("AccessDenied", `Denied: ${decision.reason}`);

    // Sign, and forward: a body that streams goes through a filter, which checks it on the way.
    const { region, service } = scope;
    const { algorithm, signedHeaders, regionSet, tokenHeader } = authorization;
    const upstream = { credentials, region, service, now, payload, signedHeaders, algorithm, regionSet, tokenHeader };
    const signed = signStream(request, { ...upstream, signingKeys });
    ctx.proxyToServerRequestOptions.path = signed.head.target;
    ctx.proxyToServerRequestOptions.headers = signed.head.headers;
    if (body.kind === "stream") filterBody(ctx, body.filter(signed.seed));
  }

  function decide(call) {
    // First what no policy may allow: the answer would bring the agent real credentials (sts:GetSessionToken needs no
    // permission).
    const minted = mintsCredentials(call);
    if (minted !== undefined) return { outcome: "explicitDeny", reason: minted };
    if (call.marker === "permissionless") return { outcome: "allowed", reason: "it needs no permission" };
    if (call.marker !== undefined) {
      return { outcome: "explicitDeny", reason: `the request is ${call.marker}${call.why ? `: ${call.why}` : ""}` };
    }
    return policy.evaluateAll(call.checks);
  }
}

/** The head as it came: what http-mitm-proxy has in `headers` is in lower case, joined and decoded. */
function headOf({ clientToProxyRequest, proxyToServerRequestOptions }) {
  const { method, url, rawHeaders } = clientToProxyRequest;
  const headers = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i], rawHeaders[i + 1]]);
  const host = proxyToServerRequestOptions.host.toLowerCase();
  return { httpVersion: "1.1", method, target: url, headers, host };
}

/** Reads a body of announced length, and puts it back for http-mitm-proxy to send. */
async function readBody(request) {
  const { "content-length": announced, "transfer-encoding": coding } = request.headers;
  const length = Number(announced ?? 0);
  if (coding !== undefined) throw new AwsError("InvalidRequest", "This example reads bodies of announced length only.");
  if (length > maxBodyBytes) throw new AwsError("EntityTooLarge", `The body is longer than ${maxBodyBytes} bytes.`);
  if (length === 0) return Buffer.alloc(0);
  for (;;) {
    const body = request.read(length);
    if (body?.length === length) {
      request.unshift(body);
      return body;
    }
    if (request.readableEnded || request.destroyed) throw new AwsError("IncompleteBody", "The body was cut short.");
    await once(request, "readable");
  }
}

/** Sends the body on through a filter. What the filter throws breaks the request to AWS off before its end. */
function filterBody(ctx, filter) {
  let broken = false;
  const passed = (step, done) => {
    if (broken) return;
    try {
      const piece = step();
      done(piece);
    } catch (error) {
      broken = true;
      ctx.proxyToServerRequest.destroy();
      answer(ctx, error);
    }
  };
  ctx.onRequestData((_, chunk, done) =>
    passed(
      () => filter.push(chunk),
      (piece) => done(null, piece),
    ),
  );
  ctx.onRequestEnd((_, done) =>
    passed(
      () => filter.end(),
      (piece) => {
        if (piece !== undefined) ctx.proxyToServerRequest.write(piece);
        done();
      },
    ),
  );
}

/** Tells the client, in the words of the service it called. */
function answer(ctx, thrown) {
  const { clientToProxyRequest, proxyToClientResponse, uuid } = ctx;
  if (proxyToClientResponse.headersSent) return proxyToClientResponse.destroy();
  const error = thrown instanceof AwsError ? thrown : new AwsError("InternalFailure", "The proxy failed.");
  const { status, headers, body } = renderError(error, { request: headOf(ctx), requestId: uuid, now: new Date() });
  clientToProxyRequest.resume();
  proxyToClientResponse.sendDate = false;
  proxyToClientResponse.writeHead(status, headers.flat());
  proxyToClientResponse.end(body);
}
