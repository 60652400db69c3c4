import { AwsError, type AwsErrorCause } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { errorCode, renderError, type WireForm } from "../src/index.ts";
import { requests } from "./requests.ts";

const FORMS = ["s3", "awsQuery", "ec2Query", "awsJson1_1", "restJson1"] as const satisfies readonly WireForm[];

// One row a cause: code and status as S3, a query service, EC2, a JSON and a REST-JSON service have them.
const TABLE: Readonly<Record<AwsErrorCause, readonly string[]>> = {
  AccessDenied: [
    "403 AccessDenied",
    "403 AccessDenied",
    "403 UnauthorizedOperation",
    "400 AccessDeniedException",
    "403 AccessDeniedException",
  ],
  UnknownAccessKey: [
    "403 InvalidAccessKeyId",
    "403 InvalidClientTokenId",
    "401 AuthFailure",
    "400 UnrecognizedClientException",
    "403 UnrecognizedClientException",
  ],
  InvalidToken: [
    "400 InvalidToken",
    "403 InvalidClientTokenId",
    "401 AuthFailure",
    "400 UnrecognizedClientException",
    "403 UnrecognizedClientException",
  ],
  SignatureDoesNotMatch: [
    "403 SignatureDoesNotMatch",
    "403 SignatureDoesNotMatch",
    "403 SignatureDoesNotMatch",
    "400 InvalidSignatureException",
    "403 InvalidSignatureException",
  ],
  ExpiredToken: [
    "400 ExpiredToken",
    "403 ExpiredToken",
    "400 RequestExpired",
    "400 ExpiredTokenException",
    "403 ExpiredTokenException",
  ],
  RequestTimeTooSkewed: [
    "403 RequestTimeTooSkewed",
    "403 SignatureDoesNotMatch",
    "400 RequestExpired",
    "400 InvalidSignatureException",
    "403 InvalidSignatureException",
  ],
  PresignedUrlExpired: [
    "403 AccessDenied",
    "403 SignatureDoesNotMatch",
    "400 RequestExpired",
    "400 InvalidSignatureException",
    "403 InvalidSignatureException",
  ],
  MultipleAuthentication: [
    "400 InvalidArgument",
    "400 IncompleteSignature",
    "400 IncompleteSignature",
    "400 IncompleteSignatureException",
    "403 IncompleteSignatureException",
  ],
  IncompleteBody: [
    "400 IncompleteBody",
    "400 ValidationError",
    "400 InvalidRequest",
    "400 ValidationException",
    "400 ValidationException",
  ],
  MalformedTrailer: [
    "400 MalformedTrailerError",
    "400 ValidationError",
    "400 InvalidRequest",
    "400 ValidationException",
    "400 ValidationException",
  ],
  InvalidPolicyDocument: [
    "400 InvalidPolicyDocument",
    "400 ValidationError",
    "400 InvalidRequest",
    "400 ValidationException",
    "400 ValidationException",
  ],
  EntityTooSmall: [
    "400 EntityTooSmall",
    "400 ValidationError",
    "400 InvalidRequest",
    "400 ValidationException",
    "400 ValidationException",
  ],
  MissingAuthentication: [
    "403 AccessDenied",
    "403 MissingAuthenticationToken",
    "401 AuthFailure",
    "400 MissingAuthenticationTokenException",
    "403 MissingAuthenticationTokenException",
  ],
  MalformedAuthorization: [
    "400 AuthorizationHeaderMalformed",
    "400 IncompleteSignature",
    "400 IncompleteSignature",
    "400 IncompleteSignatureException",
    "403 IncompleteSignatureException",
  ],
  ContentSha256Mismatch: [
    "400 XAmzContentSHA256Mismatch",
    "403 SignatureDoesNotMatch",
    "403 SignatureDoesNotMatch",
    "400 InvalidSignatureException",
    "403 InvalidSignatureException",
  ],
  HeadersNotSigned: [
    "403 AccessDenied",
    "403 SignatureDoesNotMatch",
    "403 SignatureDoesNotMatch",
    "400 InvalidSignatureException",
    "403 InvalidSignatureException",
  ],
  InvalidRequest: [
    "400 InvalidRequest",
    "400 ValidationError",
    "400 InvalidRequest",
    "400 ValidationException",
    "400 ValidationException",
  ],
  EntityTooLarge: [
    "400 EntityTooLarge",
    "413 RequestEntityTooLarge",
    "413 RequestEntityTooLarge",
    "413 RequestEntityTooLargeException",
    "413 RequestEntityTooLargeException",
  ],
  ServiceUnavailable: [
    "503 ServiceUnavailable",
    "503 ServiceUnavailable",
    "503 Unavailable",
    "503 ServiceUnavailableException",
    "503 ServiceUnavailableException",
  ],
  NotImplemented: [
    "501 NotImplemented",
    "501 NotImplemented",
    "501 NotImplemented",
    "501 NotImplementedException",
    "501 NotImplementedException",
  ],
  InternalFailure: [
    "500 InternalError",
    "500 InternalFailure",
    "500 InternalError",
    "500 InternalFailure",
    "500 InternalFailure",
  ],
};

const now = new Date("2026-11-23T12:34:56Z");

describe.each(Object.entries(TABLE))("%s", (cause, row) => {
  test.each(FORMS.map((form, at) => [form, row[at] as string] as const))("in %s is %s", (form, expected) => {
    const [code, status] = errorCode(cause as AwsErrorCause, form, false);
    expect(`${status} ${code}`).toBe(expected);
    const error = new AwsError(cause as AwsErrorCause, "message");
    const rendered = renderError(error, { request: requests[form], requestId: "01J", now });
    expect(rendered.status).toBe(status);
    const where =
      rendered.headers.find(([name]) => name === "x-amzn-errortype")?.[1] ?? Buffer.from(rendered.body).toString();
    expect(where).toContain(code);
  });

  test("is the same in rest-xml as in query, and in awsJson 1.0 and CBOR as in awsJson 1.1", () => {
    const of = (form: WireForm) => errorCode(cause as AwsErrorCause, form, false);
    expect(of("restXml")).toEqual(of("awsQuery"));
    expect(of("awsJson1_0")).toEqual(of("awsJson1_1"));
    expect(of("rpcV2Cbor")).toEqual(of("awsJson1_1"));
  });
});

test("a malformed presigned URL of S3 is malformed in its parameters", () => {
  expect(errorCode("MalformedAuthorization", "s3", true)).toEqual(["AuthorizationQueryParametersError", 400]);
  expect(errorCode("MalformedAuthorization", "awsQuery", true)).toEqual(["IncompleteSignature", 400]);
});
