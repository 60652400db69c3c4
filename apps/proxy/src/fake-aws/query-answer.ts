import { randomUUID } from "node:crypto";
import { type HeaderLine, headerValue } from "@iap/aws-core";
import type { FakeServiceAnswer, FakeServiceRequest } from "./fake-service.ts";
import { ServiceError } from "./service-error.ts";
import { xmlText } from "./xml-text.ts";

/** Answers an operation of the query protocol: parameters in, the elements of its result out. `run` throws `ServiceError`. */
export function queryAnswer(
  request: FakeServiceRequest,
  namespace: string,
  run: (operation: string, parameters: URLSearchParams) => string,
): FakeServiceAnswer {
  const form = headerValue(request.headers, "content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  const parameters = form ? new URLSearchParams(request.body.toString("utf8")) : request.query;
  const operation = parameters.get("Action") ?? "";
  const requestId = randomUUID();
  const headers: readonly HeaderLine[] = [
    ["Content-Type", "text/xml"],
    ["x-amzn-RequestId", requestId],
  ];
  try {
    const result = run(operation, parameters);
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const body = `<${operation}Response xmlns="${namespace}"><${operation}Result>${result}</${operation}Result>${metadata}</${operation}Response>\n`;
    return { status: 200, headers, body };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { status, code, message } = error;
    const body = `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${xmlText(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>\n`;
    return { status, headers, body };
  }
}
