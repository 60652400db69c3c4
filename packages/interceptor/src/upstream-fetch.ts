import { type Headers, headersFromRaw, headerValue, type SignedHead } from "@iap/aws-core";
import type { ResponseHead } from "./exchange.ts";
import { explanation, UpstreamError } from "./upstream-error.ts";
import type { OpenUpstream } from "./upstream-stream.ts";

export interface FetchOptions {
  readonly body?: Uint8Array | undefined;
  /** 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** 65,536 by default. */
  readonly maxBytes?: number | undefined;
}

export interface FetchResult {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

/** One small request of the proxy's own, answered whole. Throws `UpstreamError`. */
export function fetchUpstream(
  open: OpenUpstream,
  head: SignedHead,
  { body, timeoutMs = 5_000, maxBytes = 65_536 }: FetchOptions,
): Promise<FetchResult> {
  const framed = body === undefined || headerValue(head.headers, "content-length") !== undefined;
  const headers: Headers = framed ? head.headers : [...head.headers, ["Content-Length", String(body.length)]];
  return new Promise((resolve, reject) => {
    const request = open(head, headers);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      const stage = request.secured ? "exchange" : "connect";
      request.destroy();
      reject(new UpstreamError(stage, `${head.host}: ${explanation(error)}`, { cause: error }));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on("data", (chunk: Uint8Array) => {
        length += chunk.length;
        if (length > maxBytes) fail(new Error(`the answer is longer than ${maxBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on("end", () => {
        clearTimeout(timer);
        resolve({
          head: {
            status: response.statusCode,
            statusText: response.statusMessage,
            headers: headersFromRaw(response.rawHeaders),
          },
          body: Buffer.concat(chunks),
        });
      });
    });
    request.end(body);
  });
}
