import { createHash } from "node:crypto";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { exchange, type RawAnswer, type SignOptions, signedHead } from "./raw-client.ts";
import type { Target } from "./target.ts";

export const s3Host = "s3.us-east-1.amazonaws.com";
export const stsHost = "sts.us-east-1.amazonaws.com";

export interface AgentRequest extends Partial<SignOptions> {
  readonly agent: RealCredentials;
}

/** The head of an S3 request signed by the agent, with the length and the hash of its body. */
export async function s3Head({
  agent,
  method = "GET",
  path = "/",
  body = "",
  headers,
  ...more
}: AgentRequest): Promise<string> {
  const { head } = await signedHead({
    ...{ credentials: agent, service: "s3", host: s3Host, method, path, body },
    headers: {
      "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      ...(body.length > 0 ? { "content-length": String(body.length) } : {}),
      ...headers,
    },
    ...more,
  });
  return head;
}

/** Sends an S3 request of the agent's on a connection of its own. */
export async function s3({ env }: Pick<Target, "env">, request: AgentRequest): Promise<RawAnswer> {
  return exchange(env, request.host ?? s3Host, [await s3Head(request), request.body ?? ""]);
}

/** The head of an STS request signed by the agent: its body is a form that says the operation. */
export async function stsHead({ agent, body = "", headers, ...more }: AgentRequest): Promise<string> {
  const { head } = await signedHead({
    ...{ credentials: agent, service: "sts", host: stsHost, method: "POST", path: "/", body },
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(body.length),
      ...headers,
    },
    ...more,
  });
  return head;
}

/** Sends an STS request of the agent's on a connection of its own. */
export async function sts({ env }: Pick<Target, "env">, request: AgentRequest): Promise<RawAnswer> {
  return exchange(env, request.host ?? stsHost, [await stsHead(request), request.body ?? ""]);
}

/** The code of an error document, in XML or JSON. */
export function errorCode({ bytes }: RawAnswer): string | undefined {
  return /<Code>(\w+)<\/Code>|"__type":"(?:[^"]*#)?(\w+)"/.exec(bytes.toString("utf8"))?.slice(1).find(Boolean);
}
