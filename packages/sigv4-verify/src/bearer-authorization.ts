import { type RequestHead, splitTarget } from "@iap/aws-core";
import { queryParameters } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { foreign, malformed } from "./authorization-error.ts";
import { presignedParameters } from "./presigned-parameters.ts";
import { parseQueryAuthorization } from "./query-authorization.ts";

const PREFIX = "bedrock-api-key-";
const HOST = "bedrock.amazonaws.com";

/**
 * Reads a short-term Bedrock API key, given without `Bearer`: base64 of a URL that its holder presigned,
 * `bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-…&Version=1`, of which the version was added after signing.
 * Any other bearer token is a credential of somebody else.
 */
export function parseBearerAuthorization(token: string): Authorization {
  const url = presignedUrl(token);
  if (url === undefined) throw foreign("This bearer token");
  const { query = "" } = splitTarget(url);
  const target = `/?${query
    .split("&")
    .filter((piece) => piece !== "Version=1")
    .join("&")}`;
  const covers: RequestHead = { httpVersion: "1.1", method: "POST", target, headers: [["host", HOST]], host: HOST };
  const parameters = queryParameters(splitTarget(target).query ?? "");
  const presigned = presignedParameters(parameters);
  const others = parameters.filter(({ name }) => !presigned.has(name));
  const [action, ...more] = others;
  if (action?.name !== "Action" || action.rawValue !== "CallWithBearerToken" || more.length > 0) {
    throw malformed("the URL in the bearer token is not one for CallWithBearerToken");
  }
  const authorization = parseQueryAuthorization(covers, presigned);
  if (authorization.scope.service !== "bedrock") throw malformed("the bearer token is not signed for bedrock");
  return { ...authorization, form: "bearer", signedHeaders: [], payload: { kind: "collect" }, covers };
}

function presignedUrl(token: string): string | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  const base64 = token.slice(PREFIX.length);
  if (base64.length > 16_384 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const url = Buffer.from(base64, "base64").toString("latin1");
  return url.startsWith(`${HOST}/?`) && /^[!-~]+$/.test(url) ? url.slice(HOST.length) : undefined;
}
