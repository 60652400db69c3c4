/** A call of the demo's agent, before it is signed. */
export interface AgentCall {
  /** As AWS names it: `PutObject`. */
  readonly operation: string;
  /** What it is done to, for people. */
  readonly subject: string;
  /** The service's name in the credential scope. */
  readonly service: string;
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** What matters in the answer, for people. */
  readonly found?: RegExp | undefined;
}

export const region = "us-east-1";
export const account = "123456789012";
export const bucket = "reports";
export const key = "2026/summary.csv";
export const content = "month,orders\n2026-01,118\n";
export const table = "orders";
export const queue = "jobs";

const s3 = { service: "s3", host: `${bucket}.s3.${region}.amazonaws.com` };

/** What the agent is there for. */
export const errand: readonly AgentCall[] = [
  {
    operation: "GetCallerIdentity",
    subject: "",
    service: "sts",
    host: `sts.${region}.amazonaws.com`,
    method: "POST",
    target: "/",
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
    found: /<Arn>([^<]+)<\/Arn>/,
  },
  { ...s3, operation: "CreateBucket", subject: bucket, method: "PUT", target: "/" },
  {
    ...s3,
    operation: "PutObject",
    subject: `${bucket}/${key}`,
    method: "PUT",
    target: `/${key}?x-id=PutObject`,
    headers: { "Content-Type": "text/csv" },
    body: content,
  },
  {
    ...s3,
    operation: "GetObject",
    subject: `${bucket}/${key}`,
    method: "GET",
    target: `/${key}?x-id=GetObject`,
    found: /^(.*)/,
  },
  {
    ...s3,
    operation: "ListObjectsV2",
    subject: bucket,
    method: "GET",
    target: "/?list-type=2&prefix=2026%2F",
    found: /<Key>([^<]+)<\/Key>/,
  },
  {
    operation: "PutItem",
    subject: table,
    service: "dynamodb",
    host: `dynamodb.${region}.amazonaws.com`,
    method: "POST",
    target: "/",
    headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem" },
    body: JSON.stringify({ TableName: table, Item: { id: { S: "2026-01" }, orders: { N: "118" } } }),
  },
  {
    operation: "SendMessage",
    subject: queue,
    service: "sqs",
    host: `sqs.${region}.amazonaws.com`,
    method: "POST",
    target: "/",
    headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage" },
    body: JSON.stringify({
      QueueUrl: `https://sqs.${region}.amazonaws.com/${account}/${queue}`,
      MessageBody: "summary ready",
    }),
    found: /"MessageId":"([^"]+)"/,
  },
];

/** What it has no business with. */
export const strays: readonly AgentCall[] = [
  { ...s3, operation: "DeleteObject", subject: `${bucket}/${key}`, method: "DELETE", target: `/${key}` },
  {
    operation: "ListUsers",
    subject: "",
    service: "iam",
    host: "iam.amazonaws.com",
    method: "POST",
    target: "/",
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: "Action=ListUsers&Version=2010-05-08",
  },
];
