import { ClientRequest } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { type Headers, type RequestHead, rawHeaders } from "@iap/aws-core";
import type { Limits } from "./limits.ts";
import type { UpstreamStream } from "./upstream-stream.ts";

/** `OpenUpstream` over HTTP/1.1. */
export type UpstreamRequest = (head: RequestHead, headers: Headers) => ClientRequest;

/** Requests over TLS, on kept-alive connections. The path goes out byte for byte, Host as the headers have it. */
export function httpsUpstream(agent: Agent, { upstreamIdleTimeoutMs, maxHeaderBytes }: Limits): UpstreamRequest {
  return (head, headers) =>
    httpsRequest({
      agent,
      host: head.host,
      port: 443,
      method: head.method,
      path: head.target,
      headers: rawHeaders(headers),
      setHost: false,
      maxHeaderSize: maxHeaderBytes,
      timeout: upstreamIdleTimeoutMs,
    });
}

/** Whether the request has a connection on which the upstream proved who it is. */
export function isSecured(upstream: UpstreamStream): boolean {
  if (!(upstream instanceof ClientRequest)) return true;
  return upstream.reusedSocket || (upstream.socket as TLSSocket | null)?.authorized === true;
}
