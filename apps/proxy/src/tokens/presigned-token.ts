import { type RequestHead, splitTarget } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { AUTH_PARAMETERS, EMPTY_SHA256, presign, queryParameters, uriDecode } from "@iap/sigv4";
import type { TokenSigning, TokenSubject } from "./token-subject.ts";

/** The URL of a presigned GET without its scheme, as tokens have it: `host:port/?Action=...`. */
export function presignedUrl(
  { head, scope, signedHeaders }: Pick<TokenSubject, "head" | "scope" | "signedHeaders">,
  { credentials, now, signingKeys }: TokenSigning,
  expiresSeconds: number,
): string {
  const { target } = presign(head, {
    ...{ credentials, now, signingKeys, signedHeaders, expiresSeconds },
    ...{ region: scope.region, service: scope.service, payload: EMPTY_SHA256 },
  });
  return `${authorityOf(head)}${target}`;
}

/** A GET of `/` with these parameters, unsigned. `authority` is host and port as the signature has them. */
export function tokenHead(
  authority: string,
  target: string,
  headers: readonly (readonly [string, string])[] = [],
): RequestHead {
  return {
    httpVersion: "1.1",
    method: "GET",
    target,
    headers: [["Host", authority], ...headers],
    host: authority.replace(/:\d+$/, "").toLowerCase(),
  };
}

/** The request that a presigned URL without its scheme stands for; undefined when it is none. */
export function headOfUrl(
  url: string,
  headers: readonly (readonly [string, string])[] = [],
):
  | { readonly head: RequestHead; readonly authority: string; readonly parameters: ReadonlyMap<string, string> }
  | undefined {
  const [, authority, target] = /^([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)(\/\?[\x21-\x7e]*)$/.exec(url) ?? [];
  if (authority === undefined || target === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const { name, rawValue } of queryParameters(splitTarget(target).query ?? "")) {
    if (AUTH_PARAMETERS.has(name)) continue;
    // A parameter that is there twice, or a plus that may be a space, has more than one reading.
    if (parameters.has(name) || rawValue.includes("+")) return undefined;
    parameters.set(name, uriDecode(rawValue));
  }
  return { head: tokenHead(authority, target, headers), authority, parameters };
}

/** The error of a token that is none of its kind. */
export function notAToken(what: string): VerbError {
  return new VerbError("badRequest", `What was handed in is not ${what}.`);
}

function authorityOf({ headers }: RequestHead): string {
  return headers[0]?.[1] ?? "";
}
