import type { AgentKey, AwsRequest, Headers } from "@iap/aws-core";
import {
  canonicalRequest,
  formatAmzDate,
  formatCredentialScope,
  pathRule,
  sha256Hex,
  signature,
  signingKey,
  stringToSign,
  uriEncode,
} from "@iap/sigv4";
import { agentKey, now } from "./agent.ts";

export interface PresignInit {
  readonly service?: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Headers;
  readonly signedHeaders?: readonly string[];
  readonly expires?: string;
  readonly signedAt?: Date;
  readonly key?: AgentKey;
  readonly payload?: string;
  readonly body?: string;
}

/** A request with a URL as an SDK presigns it. */
export function presigned(init: PresignInit = {}): AwsRequest {
  const { service = "s3", method = "GET", target = "/key?x-id=GetObject", headers = [], expires = "900" } = init;
  const { signedAt = now, key = agentKey, signedHeaders = ["host"], body = "" } = init;
  const { accessKeyId, secretAccessKey, sessionToken } = key.credentials;
  const amzDate = formatAmzDate(signedAt);
  const scope = { date: amzDate.slice(0, 8), region: "us-east-1", service };
  const parameters: [string, string][] = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${accessKeyId}/${formatCredentialScope(scope)}`],
    ["X-Amz-Date", amzDate],
    ["X-Amz-Expires", expires],
    ["X-Amz-SignedHeaders", signedHeaders.join(";")],
  ];
  if (sessionToken !== undefined) parameters.push(["X-Amz-Security-Token", sessionToken]);
  const query = parameters.map(([name, value]) => `${name}=${uriEncode(value, false)}`).join("&");
  const host = `${service}.us-east-1.amazonaws.com`;
  const unsigned: AwsRequest = {
    httpVersion: "1.1",
    method,
    target: `${target}${target.includes("?") ? "&" : "?"}${query}`,
    headers: [["Host", host], ...headers],
    host,
    body: Buffer.from(body, "latin1"),
  };
  const payloadHash = init.payload ?? (service === "s3" ? "UNSIGNED-PAYLOAD" : sha256Hex(body));
  const canonical = canonicalRequest(unsigned, { pathRule: pathRule(service), signedHeaders, payloadHash });
  const toSign = stringToSign(canonical, { amzDate, scope: formatCredentialScope(scope) });
  const hex = signature(signingKey(secretAccessKey, scope), toSign);
  return { ...unsigned, target: `${unsigned.target}&X-Amz-Signature=${hex}` };
}
