import { ResponseFault } from "./response-fault.ts";
import type { ParsedHead } from "./response-head.ts";

/** How long the body of an answer is: so many bytes, in chunks, or until the connection ends. */
export type ResponseFraming = number | "chunked" | "untilEnd";

/**
 * How the body that follows a head is framed (RFC 9112 section 6.3). Stricter than that: two framings, or one said twice,
 * throw `ResponseFault`, since the next reader of the answer may go by the other.
 */
export function responseFraming({ statusCode, rawHeaders, http11 }: ParsedHead, method: string): ResponseFraming {
  let [length, coding]: (string | undefined)[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      if (length !== undefined) throw new ResponseFault("its answer has more than one Content-Length");
      length = rawHeaders[i + 1] as string;
    } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
      if (coding !== undefined) throw new ResponseFault("its answer has more than one Transfer-Encoding");
      coding = rawHeaders[i + 1] as string;
    }
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw new ResponseFault("the Content-Length of its answer is not a number");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") throw new ResponseFault(`Transfer-Encoding: ${coding} cannot be passed on`);
    if (length !== undefined) throw new ResponseFault("its answer has both a Content-Length and a Transfer-Encoding");
    if (!http11) throw new ResponseFault("its answer is in chunks, which HTTP/1.0 does not have");
  }
  if (method === "HEAD" || statusCode < 200 || statusCode === 204 || statusCode === 304) return 0;
  if (coding !== undefined) return "chunked";
  return length === undefined ? "untilEnd" : Number(length);
}
