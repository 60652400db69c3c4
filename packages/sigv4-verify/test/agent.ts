import { type AgentKey, type AwsRequest, Credentials, type Headers, type KeyRing } from "@iap/aws-core";
import { sha256Hex, sign } from "@iap/sigv4";

export const now: Date = new Date("2026-11-23T12:34:56Z");

/** An agent's key, as a ring holds it. */
export const agentKey: AgentKey = {
  agent: "agent",
  session: "session",
  credentials: new Credentials({
    accessKeyId: "ASIAEXAMPLEAGENTKEY1",
    secretAccessKey: "agent-secret",
    sessionToken: "agent-token",
  }),
  notAfter: new Date("2026-11-23T13:00:00Z"),
  upstream: "default",
};

/** A ring with one key. */
export function ringOf(key: AgentKey): KeyRing {
  return { lookup: (accessKeyId) => (accessKeyId === key.credentials.accessKeyId ? key : undefined) };
}

export interface AgentRequestInit {
  readonly service?: string;
  readonly region?: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Headers;
  readonly body?: string;
  readonly signedAt?: Date;
  /** The hash line, when it is not the body's hash. */
  readonly payload?: string;
  readonly key?: AgentKey;
}

/** A request as an agent's SDK would sign it: all of its headers but the transport's. */
export function agentRequest(init: AgentRequestInit = {}): AwsRequest {
  const { service = "sqs", region = "us-east-1", method = "POST", target = "/", headers = [], body = "" } = init;
  const { signedAt = now, key = agentKey } = init;
  const host = `${service}.${region}.amazonaws.com`;
  const bytes = Buffer.from(body, "latin1");
  const head = { httpVersion: "1.1", method, target, headers: [["Host", host], ...headers], host } as const;
  const signed = sign(head, {
    credentials: key.credentials,
    region,
    service,
    now: signedAt,
    payload: init.payload ?? sha256Hex(bytes),
    signedHeaders: headers.map(([name]) => name.toLowerCase()),
  });
  return { ...signed, body: bytes };
}

/** The request with its header lines changed. */
export function withHeaders(request: AwsRequest, change: (headers: Headers) => Headers): AwsRequest {
  return { ...request, headers: change(request.headers) };
}

/** The request with the value of one header changed. */
export function withHeader(request: AwsRequest, name: string, change: (value: string) => string): AwsRequest {
  return withHeaders(request, (headers) =>
    headers.map(([key, value]) => [key, key.toLowerCase() === name ? change(value) : value] as const),
  );
}
