/** What the bench's agent does: objects of one bucket, and a little beside. */
const needed = [
  {
    Effect: "Allow",
    Action: ["s3:GetObject", "s3:PutObject"],
    Resource: ["arn:aws:s3:::bench/*", "arn:aws:s3:::other/*"],
  },
  { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::bench" },
  { Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:Query"], Resource: "*" },
  { Effect: "Deny", Action: "s3:*", Resource: ["arn:aws:s3:::secrets", "arn:aws:s3:::secrets/*"] },
  {
    Effect: "Deny",
    NotAction: ["iam:*", "sts:*"],
    Resource: "*",
    Condition: { StringNotEquals: { "aws:RequestedRegion": ["us-east-1", "eu-central-1"] } },
  },
  { Effect: "Deny", Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } },
];

/** Beside them, those that other parts of a team's work need, each for a resource of its own; every fifth is about S3. */
const others = [
  (n) => ({ Action: ["s3:GetObject", "s3:ListMultipartUploadParts"], Resource: `arn:aws:s3:::team-${n}-*/reports/*` }),
  (n) => ({ Action: ["sqs:SendMessage", "sqs:Receive*"], Resource: `arn:aws:sqs:us-east-1:123456789012:queue-${n}` }),
  (n) => ({
    Action: ["dynamodb:*Item", "dynamodb:Query"],
    Resource: `arn:aws:dynamodb:us-east-1:123456789012:table/table-${n}`,
    Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`user-${n}-*`] } },
  }),
  (n) => ({ Action: "lambda:Invoke*", Resource: `arn:aws:lambda:us-east-1:123456789012:function:fn-${n}*` }),
  (n) => ({
    Action: ["logs:Create*", "logs:PutLogEvents"],
    Resource: `arn:aws:logs:*:123456789012:log-group:/app/${n}:*`,
  }),
];

/**
 * A policy of so many statements, as people write them: the bench's requests meet an Allow among many, and Denies that
 * do not apply.
 * @param {number} statements At least six.
 */
export function policyOf(statements) {
  const filling = Array.from({ length: statements - needed.length }, (_, n) => ({
    Effect: "Allow",
    ...others[n % others.length](n),
  }));
  return { Version: "2012-10-17", Statement: [...filling, ...needed] };
}
