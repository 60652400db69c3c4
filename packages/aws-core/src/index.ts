export type { ActivityRecord, DecidedRecord, FinishedRecord, Mode, Recorder } from "./activity-record.ts";
export type { AgentKey, KeyRing, UpstreamRef, Upstreams } from "./agent-key.ts";
export { type Arn, formatArn, parseArn } from "./arn.ts";
export { AwsError, type AwsErrorCause, type AwsErrorOptions } from "./aws-error.ts";
export { awsPartitions } from "./aws-partitions.ts";
export type { AwsRequest, CredentialScope, RequestHead, ScopedRequest, SignedHead } from "./aws-request.ts";
export { awsSuffixes } from "./aws-suffixes.ts";
export type {
  AccessLevel,
  Check,
  CheckResource,
  Context,
  ContextValue,
  EscapeClass,
  Marker,
  Protocol,
  ResolvedCall,
} from "./check.ts";
export { Credentials, type CredentialsInit } from "./credentials.ts";
export type { Decision, Outcome, PolicyType, StatementRef } from "./decision.ts";
export { isEksCluster } from "./eks-cluster.ts";
export {
  type CheckEndpointOptions,
  checkEndpoint,
  type Endpoint,
  hostForScope,
  isAwsHost,
  parseEndpoint,
  ruleHost,
} from "./endpoint.ts";
export {
  type HeaderLine,
  type Headers,
  headersFromRaw,
  headerValue,
  headerValues,
  rawHeaders,
  withoutHeaders,
} from "./headers.ts";
export type { S3Host } from "./s3-host.ts";
export { splitTarget } from "./target.ts";
