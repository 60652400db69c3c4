import type { Headers } from "@iap/aws-core";
import type { Answer } from "./exchange.ts";

/** The headers of an answer with its length. */
export function framed({ headers, body }: Pick<Answer, "headers" | "body">): Headers {
  return [...headers, ["Content-Length", String(body.length)]];
}
