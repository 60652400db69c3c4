import { headerValue, headerValues, type RequestHead } from "@iap/aws-core";
import type { RequestFault } from "./request-fault.ts";

/**
 * Why a request to leave HTTP/1.1 is not taken up: only one for a WebSocket is (RFC 6455 section 4.1: a GET without a
 * body). Node has read no more of the connection than the head, so it cannot go on as an ordinary request either.
 */
export function upgradeFault({ method, headers }: RequestHead): RequestFault | undefined {
  const protocols = headerValues(headers, "upgrade");
  if (protocols.length !== 1 || protocols[0]?.toLowerCase() !== "websocket")
    return { status: 400, reason: `Upgrade: ${protocols.join(", ")} is not taken up, only websocket is; leave it out` };
  if (method !== "GET") return { status: 400, reason: `a WebSocket is opened by GET, not ${method}` };
  const hasBody =
    headerValue(headers, "transfer-encoding") !== undefined ||
    headerValues(headers, "content-length").some((length) => length !== "0");
  return hasBody ? { status: 400, reason: "a request that opens a WebSocket has no body" } : undefined;
}
