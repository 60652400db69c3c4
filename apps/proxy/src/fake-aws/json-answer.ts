import { randomUUID } from "node:crypto";
import { type HeaderLine, headerValue } from "@iap/aws-core";
import type { FakeServiceAnswer, FakeServiceRequest } from "./fake-service.ts";
import { ServiceError } from "./service-error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Answers an operation of the AWS JSON 1.0 protocol: input document in, output document out. `run` throws `ServiceError`. */
export function jsonAnswer(
  request: FakeServiceRequest,
  run: (operation: string, input: JsonObject) => JsonObject,
): FakeServiceAnswer {
  const operation = headerValue(request.headers, "x-amz-target")?.split(".").at(-1) ?? "";
  const headers: readonly HeaderLine[] = [
    ["Content-Type", "application/x-amz-json-1.0"],
    ["x-amzn-RequestId", randomUUID()],
  ];
  try {
    return { status: 200, headers, body: JSON.stringify(run(operation, inputOf(request))) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { status, code, message } = error;
    return { status, headers, body: JSON.stringify({ __type: `com.amazonaws#${code}`, message }) };
  }
}

function inputOf({ body }: FakeServiceRequest): JsonObject {
  let input: unknown;
  try {
    input = JSON.parse(body.toString("utf8"));
  } catch {
    input = undefined;
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ServiceError(400, "SerializationException", "The body is not one JSON object.");
  }
  return input as JsonObject;
}
