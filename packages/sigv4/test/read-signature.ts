import { headerValue, type RequestHead, splitTarget } from "@iap/aws-core";
import { queryParameters, uriDecode } from "../src/index.ts";

/** What a signed request says of its signature: read trustingly, for tests of the signer. */
export interface ReadSignature {
  readonly credential: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly amzDate: string;
}

export function readSignature(head: RequestHead): ReadSignature {
  const header = headerValue(head.headers, "authorization");
  const query = new Map(
    queryParameters(splitTarget(head.target).query ?? "").map(({ name, rawValue }) => [name, uriDecode(rawValue)]),
  );
  const part = (name: string): string =>
    (header === undefined ? query.get(`X-Amz-${name}`) : new RegExp(`${name}=([^, ]+)`).exec(header)?.[1]) ?? "";
  const credential = part("Credential");
  return {
    credential,
    scope: credential.slice(credential.indexOf("/") + 1),
    signedHeaders: part("SignedHeaders").split(";"),
    signature: part("Signature"),
    amzDate: query.get("X-Amz-Date") ?? headerValue(head.headers, "x-amz-date") ?? "",
  };
}
