// Asks IAM policies whether they allow some actions, and why not: node examples/evaluate-policy.mjs
import { compilePolicySet } from "@iap/iam-evaluator";

const policies = compilePolicySet({
  identity: [
    {
      name: "reports.json",
      document: `{
        "Version": "2012-10-17",
        "Statement": [
          { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::reports/*" },
          { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reports",
            "Condition": { "StringLike": { "s3:prefix": "2026/*" } } },
          { "Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/secret/*" }
        ]
      }`,
    },
  ],
  permissionsBoundary: [
    {
      name: "boundary.json",
      document: `{
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*" }
      }`,
    },
  ],
});

for (const [action, arn, context = {}] of [
  ["s3:GetObject", "arn:aws:s3:::reports/2026/summary.csv"],
  ["s3:GetObject", "arn:aws:s3:::reports/secret/plan.txt"],
  ["s3:DeleteObject", "arn:aws:s3:::reports/2026/summary.csv"],
  ["s3:PutObject", "arn:aws:s3:::reports/2026/summary.csv"],
  ["s3:ListBucket", "arn:aws:s3:::reports", { "s3:prefix": "2026/05" }],
  ["s3:ListBucket", "arn:aws:s3:::reports", { "s3:prefix": "2025/12" }],
]) {
  const { outcome, reason } = policies.evaluate({ action, resource: { arn }, context });
  console.log(`${action} ${arn}\n  ${outcome}: ${reason}`);
}
