import type { AwsErrorCause } from "@iap/aws-core";
import type { WireForm } from "./wire-form.ts";

/** An error code and the HTTP status it comes with. */
export type CodeAndStatus = readonly [code: string, status: number];

/** The columns of the table: wire forms that share codes and statuses. */
type Column = "s3" | "query" | "ec2" | "json" | "rest";

/**
 * The code and status for a cause in a wire form. SDKs act on the code; statuses differ a little between services, see
 * the "Common Errors" page of each API reference. None of these is retried, except the clock's (the client corrects its
 * clock first) and those of 500 and above other than 501.
 */
export function errorCode(cause: AwsErrorCause, form: WireForm, presigned: boolean): CodeAndStatus {
  if (cause === "MalformedAuthorization" && form === "s3" && presigned)
    return ["AuthorizationQueryParametersError", 400];
  return CODES[cause][COLUMNS[form]];
}

const COLUMNS: Readonly<Record<WireForm, Column>> = {
  s3: "s3",
  awsQuery: "query",
  restXml: "query",
  ec2Query: "ec2",
  awsJson1_0: "json",
  awsJson1_1: "json",
  rpcV2Cbor: "json",
  restJson1: "rest",
};

const CODES: Readonly<Record<AwsErrorCause, Readonly<Record<Column, CodeAndStatus>>>> = {
  AccessDenied: {
    s3: ["AccessDenied", 403],
    query: ["AccessDenied", 403],
    ec2: ["UnauthorizedOperation", 403],
    json: ["AccessDeniedException", 400],
    rest: ["AccessDeniedException", 403],
  },
  UnknownAccessKey: {
    s3: ["InvalidAccessKeyId", 403],
    query: ["InvalidClientTokenId", 403],
    ec2: ["AuthFailure", 401],
    json: ["UnrecognizedClientException", 400],
    rest: ["UnrecognizedClientException", 403],
  },
  InvalidToken: {
    s3: ["InvalidToken", 400],
    query: ["InvalidClientTokenId", 403],
    ec2: ["AuthFailure", 401],
    json: ["UnrecognizedClientException", 400],
    rest: ["UnrecognizedClientException", 403],
  },
  SignatureDoesNotMatch: {
    s3: ["SignatureDoesNotMatch", 403],
    query: ["SignatureDoesNotMatch", 403],
    ec2: ["SignatureDoesNotMatch", 403],
    json: ["InvalidSignatureException", 400],
    rest: ["InvalidSignatureException", 403],
  },
  ExpiredToken: {
    s3: ["ExpiredToken", 400],
    query: ["ExpiredToken", 403],
    ec2: ["RequestExpired", 400],
    json: ["ExpiredTokenException", 400],
    rest: ["ExpiredTokenException", 403],
  },
  RequestTimeTooSkewed: {
    s3: ["RequestTimeTooSkewed", 403],
    query: ["SignatureDoesNotMatch", 403],
    ec2: ["RequestExpired", 400],
    json: ["InvalidSignatureException", 400],
    rest: ["InvalidSignatureException", 403],
  },
  PresignedUrlExpired: {
    s3: ["AccessDenied", 403],
    query: ["SignatureDoesNotMatch", 403],
    ec2: ["RequestExpired", 400],
    json: ["InvalidSignatureException", 400],
    rest: ["InvalidSignatureException", 403],
  },
  MissingAuthentication: {
    s3: ["AccessDenied", 403],
    query: ["MissingAuthenticationToken", 403],
    ec2: ["AuthFailure", 401],
    json: ["MissingAuthenticationTokenException", 400],
    rest: ["MissingAuthenticationTokenException", 403],
  },
  MalformedAuthorization: {
    s3: ["AuthorizationHeaderMalformed", 400],
    query: ["IncompleteSignature", 400],
    ec2: ["IncompleteSignature", 400],
    json: ["IncompleteSignatureException", 400],
    rest: ["IncompleteSignatureException", 403],
  },
  MultipleAuthentication: {
    s3: ["InvalidArgument", 400],
    query: ["IncompleteSignature", 400],
    ec2: ["IncompleteSignature", 400],
    json: ["IncompleteSignatureException", 400],
    rest: ["IncompleteSignatureException", 403],
  },
  ContentSha256Mismatch: {
    s3: ["XAmzContentSHA256Mismatch", 400],
    query: ["SignatureDoesNotMatch", 403],
    ec2: ["SignatureDoesNotMatch", 403],
    json: ["InvalidSignatureException", 400],
    rest: ["InvalidSignatureException", 403],
  },
  HeadersNotSigned: {
    s3: ["AccessDenied", 403],
    query: ["SignatureDoesNotMatch", 403],
    ec2: ["SignatureDoesNotMatch", 403],
    json: ["InvalidSignatureException", 400],
    rest: ["InvalidSignatureException", 403],
  },
  InvalidRequest: {
    s3: ["InvalidRequest", 400],
    query: ["ValidationError", 400],
    ec2: ["InvalidRequest", 400],
    json: ["ValidationException", 400],
    rest: ["ValidationException", 400],
  },
  IncompleteBody: {
    s3: ["IncompleteBody", 400],
    query: ["ValidationError", 400],
    ec2: ["InvalidRequest", 400],
    json: ["ValidationException", 400],
    rest: ["ValidationException", 400],
  },
  MalformedTrailer: {
    s3: ["MalformedTrailerError", 400],
    query: ["ValidationError", 400],
    ec2: ["InvalidRequest", 400],
    json: ["ValidationException", 400],
    rest: ["ValidationException", 400],
  },
  InvalidPolicyDocument: {
    s3: ["InvalidPolicyDocument", 400],
    query: ["ValidationError", 400],
    ec2: ["InvalidRequest", 400],
    json: ["ValidationException", 400],
    rest: ["ValidationException", 400],
  },
  EntityTooSmall: {
    s3: ["EntityTooSmall", 400],
    query: ["ValidationError", 400],
    ec2: ["InvalidRequest", 400],
    json: ["ValidationException", 400],
    rest: ["ValidationException", 400],
  },
  EntityTooLarge: {
    s3: ["EntityTooLarge", 400],
    query: ["RequestEntityTooLarge", 413],
    ec2: ["RequestEntityTooLarge", 413],
    json: ["RequestEntityTooLargeException", 413],
    rest: ["RequestEntityTooLargeException", 413],
  },
  ServiceUnavailable: {
    s3: ["ServiceUnavailable", 503],
    query: ["ServiceUnavailable", 503],
    ec2: ["Unavailable", 503],
    json: ["ServiceUnavailableException", 503],
    rest: ["ServiceUnavailableException", 503],
  },
  NotImplemented: {
    s3: ["NotImplemented", 501],
    query: ["NotImplemented", 501],
    ec2: ["NotImplemented", 501],
    json: ["NotImplementedException", 501],
    rest: ["NotImplementedException", 501],
  },
  InternalFailure: {
    s3: ["InternalError", 500],
    query: ["InternalFailure", 500],
    ec2: ["InternalError", 500],
    json: ["InternalFailure", 500],
    rest: ["InternalFailure", 500],
  },
};
