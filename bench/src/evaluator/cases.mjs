/**
 * What is decided: policies in IAM's language, the same in Cedar's, requests, and the goal. A request's context is what
 * both are given. Actions and keys are AWS's own, for iam-simulate refuses others.
 * @typedef {object} Case
 * @property {string} name
 * @property {object} document
 * @property {string} cedar
 * @property {readonly { action: string, arn: string, context: Record<string, string>, allowed: boolean }[]} requests
 * @property {number} goal Decisions a second.
 */

const allow = (Action, Resource, Condition) => ({ Effect: "Allow", Action, Resource, ...(Condition && { Condition }) });
const deny = (Action, Resource, Condition) => ({ Effect: "Deny", Action, Resource, ...(Condition && { Condition }) });
const documentOf = (...Statement) => ({ Version: "2012-10-17", Statement });
const request = (action, arn, allowed, context = {}) => ({ action, arn, context, allowed });

const when = (...clauses) => ` when { ${clauses.join(" && ")} };`;
const like = (pattern) => `context.arn like "${pattern}"`;
const anyLike = (...patterns) => `(${patterns.map(like).join(" || ")})`;
const actions = (...names) => `action in [${names.map((name) => `Action::"${name}"`).join(", ")}]`;

const account = "123456789012";
const context = {
  "aws:username": "bob",
  "aws:SourceIp": "203.0.113.9",
  "aws:CurrentTime": "2026-06-01T00:00:00Z",
  "s3:max-keys": "100",
  "aws:PrincipalArn": `arn:aws:iam::${account}:user/bob`,
  "s3:prefix": "bob/reports",
};

const listed = ["s3:GetObject", ...Array.from({ length: 4_999 }, (_, i) => `ec2:Action${i}`)];

/** @type {readonly Case[]} */
export const cases = [
  {
    name: "3 statements",
    goal: 500_000,
    document: documentOf(
      allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::reports/*"),
      allow("dynamodb:GetItem", `arn:aws:dynamodb:*:${account}:table/t`),
      deny(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::reports/secret/*"),
    ),
    cedar: [
      `permit(principal, ${actions("s3:GetObject", "s3:PutObject")}, resource)${when(like("arn:aws:s3:::reports/*"))}`,
      `permit(principal, ${actions("dynamodb:GetItem")}, resource)${when(like(`arn:aws:dynamodb:*:${account}:table/t`))}`,
      `forbid(principal, ${actions("s3:GetObject", "s3:PutObject")}, resource)${when(like("arn:aws:s3:::reports/secret/*"))}`,
    ].join("\n"),
    requests: [
      request("s3:GetObject", "arn:aws:s3:::reports/2026/may.csv", true),
      request("s3:PutObject", "arn:aws:s3:::reports/secret/plan.txt", false),
      request("dynamodb:GetItem", `arn:aws:dynamodb:us-east-1:${account}:table/other`, false),
    ],
  },
  {
    name: "50 statements",
    goal: 150_000,
    document: documentOf(
      ...Array.from({ length: 50 }, (_, i) =>
        (i % 10 === 9 ? deny : allow)(
          ["s3:GetObject", "s3:PutObject"],
          [`arn:aws:s3:::bucket-${i}/*`, `arn:aws:s3:::data-${i}-*/x/*`],
        ),
      ),
    ),
    cedar: Array.from(
      { length: 50 },
      (_, i) =>
        `${i % 10 === 9 ? "forbid" : "permit"}(principal, ${actions("s3:GetObject", "s3:PutObject")}, resource)${when(
          anyLike(`arn:aws:s3:::bucket-${i}/*`, `arn:aws:s3:::data-${i}-*/x/*`),
        )}`,
    ).join("\n"),
    requests: [
      request("s3:GetObject", "arn:aws:s3:::bucket-48/2026/may.csv", true),
      request("s3:GetObject", "arn:aws:s3:::data-19-z/x/may.csv", false),
      request("s3:PutObject", "arn:aws:s3:::nowhere/x/may.csv", false),
    ],
  },
  {
    name: "an allow list of 5,000 actions",
    goal: 500_000,
    document: documentOf(allow(listed, "*")),
    cedar: `permit(principal, ${actions(...listed)}, resource);`,
    requests: [request("s3:GetObject", "arn:aws:s3:::b/k", true), request("s3:PutObject", "arn:aws:s3:::b/k", false)],
  },
  {
    name: "4 statements with IP, date, numeric and ARN conditions and variables",
    goal: 150_000,
    document: documentOf(
      allow("s3:GetObject", `arn:aws:s3:::home/\${aws:username}/*`, {
        IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"] },
        DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" },
      }),
      allow("s3:ListBucket", "arn:aws:s3:::home", { StringLike: { "s3:prefix": [`\${aws:username}/*`, ""] } }),
      deny("s3:*", "*", { NumericGreaterThan: { "s3:max-keys": "1000" } }),
      deny("s3:*", "*", { ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/*` } }),
    ),
    // Cedar has no patterns with variables: `containsAll` and dates aside, the nearest is equality of what is cut out before.
    cedar: [
      `permit(principal, ${actions("s3:GetObject")}, resource)${when(
        "context.owner == context.username",
        'ip(context.sourceIp).isInRange(ip("203.0.113.0/24"))',
        'datetime(context.currentTime) > datetime("2020-01-01T00:00:00Z")',
      )}`,
      `permit(principal, ${actions("s3:ListBucket")}, resource)${when("context.prefixOwner == context.username")}`,
      `forbid(principal, action, resource)${when("context.maxKeys > 1000")}`,
      `forbid(principal, action, resource)${when(`!(context.principalArn like "arn:aws:iam::${account}:user/*")`)}`,
    ].join("\n"),
    requests: [
      request("s3:GetObject", "arn:aws:s3:::home/bob/may.csv", true, context),
      request("s3:GetObject", "arn:aws:s3:::home/eve/may.csv", false, context),
      request("s3:ListBucket", "arn:aws:s3:::home", true, context),
    ],
  },
];

/** The account of everything in the cases. */
export const accountId = account;
