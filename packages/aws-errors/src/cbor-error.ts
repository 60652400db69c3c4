import { cborTextMap } from "./cbor-text-map.ts";
import { errorType } from "./error-type.ts";
import type { RenderedBody } from "./rendered-body.ts";

/** The error document of Smithy RPC v2 CBOR. */
export function cborError(code: string, message: string, requestId: string): RenderedBody {
  return {
    content: cborTextMap([
      ["__type", errorType(code)],
      ["message", message],
    ]),
    headers: [
      ["Content-Type", "application/cbor"],
      ["smithy-protocol", "rpc-v2-cbor"],
      ["x-amzn-RequestId", requestId],
    ],
  };
}
