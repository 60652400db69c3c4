import { randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import { cbor } from "@smithy/core/cbor";
import { type ServiceAnswer, ServiceError, type ServiceRequest } from "./service.ts";

/** Text as XML character data. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** `<name>value</name>` of every entry, text escaped; entries without a value are left out. */
export function xmlElements(entries: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(entries)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${xmlText(String(value))}</${name}>`)
    .join("");
}

/** The answer of a query-protocol operation, or of its failure. */
export function queryAnswer(operation: string, namespace: string, work: () => string): ServiceAnswer {
  const id = randomUUID();
  return attempt(
    operation,
    { "content-type": "text/xml", "x-amzn-RequestId": id },
    () =>
      `<${operation}Response xmlns="${namespace}"><${operation}Result>${work()}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></${operation}Response>`,
    ({ code, message }) =>
      `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type>${xmlElements({ Code: code, Message: message })}` +
      `</Error><RequestId>${id}</RequestId></ErrorResponse>`,
  );
}

/** The answer of an EC2 operation, or of its failure. */
export function ec2Answer(operation: string, work: () => string): ServiceAnswer {
  const id = randomUUID();
  return attempt(
    operation,
    { "content-type": "text/xml;charset=UTF-8", "x-amzn-RequestId": id },
    () =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<${operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
      `<requestId>${id}</requestId>${work()}</${operation}Response>`,
    ({ code, message }) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${xmlElements({ Code: code, Message: message })}` +
      `</Error></Errors><RequestID>${id}</RequestID></Response>`,
  );
}

/** The answer of an awsJson operation, or of its failure. */
export function jsonRpcAnswer(
  request: ServiceRequest,
  operation: string,
  work: (input: JsonObject) => JsonObject,
): ServiceAnswer {
  const answer = attempt(
    operation,
    {
      "content-type": request.headers["content-type"] ?? "application/x-amz-json-1.0",
      "x-amzn-RequestId": randomUUID(),
    },
    () => JSON.stringify(work(jsonObject(request.body))),
    ({ code, message }) => JSON.stringify({ __type: `com.amazonaws.fake#${code}`, message }),
  );
  return { ...answer, headers: { ...answer.headers, "x-amz-crc32": String(crc32(answer.body)) } };
}

/** The answer of a rest-json operation, or of its failure. */
export function restJsonAnswer(operation: string, work: () => string): ServiceAnswer {
  const headers = { "content-type": "application/json", "x-amzn-RequestId": randomUUID() };
  const answer = attempt(operation, headers, work, ({ message }) => JSON.stringify({ message }));
  return answer;
}

/** The answer of an rpcv2Cbor operation, or of its failure. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
export function cborAnswer(
  request: ServiceRequest,
  operation: string,
  work: (input: JsonObject) => JsonObject,
): ServiceAnswer {
  return attempt(
    operation,
    { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-RequestId": randomUUID() },
    () => Buffer.from(cbor.serialize(work(cbor.deserialize(request.body) as JsonObject))),
    ({ code, message }) => Buffer.from(cbor.serialize({ __type: `com.amazonaws.fake#${code}`, message })),
  );
}

export type JsonObject = { readonly [name: string]: unknown };

/** A JSON object from a body; an empty body is an empty one. */
export function jsonObject(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  const value: unknown = JSON.parse(body.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ServiceError(400, "SerializationException", "The body is not a JSON object");
  }
  return value as JsonObject;
}

/** Runs an operation; what it throws as `ServiceError` becomes the answer. */
export function attempt(
  operation: string,
  headers: Readonly<Record<string, string>>,
  work: () => string | Buffer,
  failure: (error: ServiceError) => string | Buffer,
): ServiceAnswer {
  try {
    return { operation, status: 200, headers, body: Buffer.from(work()) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const body = Buffer.from(failure(error));
    return { operation, status: error.status, headers: { ...headers, "x-amzn-errortype": error.code }, body };
  }
}
