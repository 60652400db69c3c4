import { errorType } from "./error-type.ts";
import type { RenderedBody } from "./rendered-body.ts";

/** The error document of awsJson 1.0 and 1.1. */
export function awsJsonError(code: string, message: string, requestId: string, version: "1.0" | "1.1"): RenderedBody {
  return {
    content: JSON.stringify({ __type: errorType(code), Message: message }),
    headers: [
      ["Content-Type", `application/x-amz-json-${version}`],
      ["x-amzn-RequestId", requestId],
    ],
  };
}

/** The error document of rest-json, whose code stands in a header. */
export function restJsonError(code: string, message: string, requestId: string): RenderedBody {
  return {
    content: JSON.stringify({ Message: message }),
    headers: [
      ["Content-Type", "application/json"],
      ["x-amzn-errortype", code],
      ["x-amzn-RequestId", requestId],
    ],
  };
}
