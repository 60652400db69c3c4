/** Condition key values read from the request, by key name as AWS writes it. */
export type Context = Readonly<Record<string, ContextValue>>;
export type ContextValue = string | number | boolean | Date | readonly string[];

/** The resource of a check. */
export type CheckResource =
  /** Exact, as text: an S3 key may itself contain `*`. */
  | { readonly arn: string }
  /** A declared wildcard: the request cannot tell more, and `why` says so. */
  | { readonly pattern: string; readonly why: string }
  /** The action takes no resource: only `Resource: "*"` matches. */
  | { readonly none: true };

/** One (action, resource) that AWS would authorise. A call is allowed when all of its checks are. */
export interface Check {
  /** `s3:GetObject` */
  readonly action: string;
  readonly resource: CheckResource;
  readonly context: Context;
  /** Keys (or prefixes ending in `*`) that the resolver extracts completely: absent here means absent. Every other key not in `context` is unknown. */
  readonly authoritative: readonly string[];
  /** What kind of access the action gives, in the Service Authorization Reference's words. */
  readonly access?: AccessLevel | undefined;
  /** Ways in which the action lets its caller go further than the action itself. */
  readonly escape?: readonly EscapeClass[] | undefined;
}

export type AccessLevel = "List" | "Read" | "Write" | "Permissions management" | "Tagging";

/**
 * How an allowed action can lead past the policy that allows it. `forwardAccess`: a service acts with the caller's own rights
 * (CloudFormation, Automation). `runsAs`: code runs as another principal (PassRole, UpdateFunctionCode, user data). `anyApi`: a service
 * calls any API for the caller (Step Functions, Scheduler). `shares`: others get access (bucket policies, grants,
 * snapshot sharing). `guardTampering`: it weakens what guards the account (IAM writes, StopLogging).
 */
export type EscapeClass = "forwardAccess" | "runsAs" | "anyApi" | "shares" | "guardTampering";

/** The wire protocol of a request, in Smithy's words. */
export type Protocol = "awsJson1_0" | "awsJson1_1" | "awsQuery" | "ec2Query" | "restJson1" | "restXml" | "rpcV2Cbor";

/** Why a call has no checks, or cannot be trusted to have all of them. */
export type Marker = "permissionless" | "unsigned" | "bearer" | "unknown" | "ambiguous";

/** A request in IAM's terms. Empty `checks` is legal only with a marker. */
export interface ResolvedCall {
  /** The IAM service prefix (`s3`, `cloudwatch`), or the signing name where the service is unknown. */
  readonly service: string;
  /** Usually one; several when they are identical on the wire, and then `checks` unites them. Empty when none is named. */
  readonly operations: readonly string[];
  /** The same with their services' ids in AWS's models: `DynamoDB.GetItem`, `CloudWatch Logs.PutLogEvents`. */
  readonly operationIds?: readonly string[] | undefined;
  readonly protocol: Protocol;
  readonly region: string;
  readonly account?: string | undefined;
  readonly marker?: Marker | undefined;
  /** With `unknown` or `ambiguous`: what could not be told, for the log and the denial. */
  readonly why?: string | undefined;
  readonly checks: readonly Check[];
  /** Why the answer holds AWS credentials or session tokens, in one sentence. */
  readonly returnsCredentials?: string | undefined;
  /** Why the answer holds secrets by design (a password, a secret's value), in one sentence. */
  readonly returnsSecrets?: string | undefined;
}
