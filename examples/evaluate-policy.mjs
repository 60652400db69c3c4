// Asks an IAM policy whether it allows some actions: node examples/evaluate-policy.mjs
import { compilePolicySet } from "@iap/iam-evaluator";

const policies = compilePolicySet({
  identity: [
    {
      name: "reports.json",
      document: `{
        "Version": "2012-10-17",
        "Statement": [
          { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::reports/*" },
          { "Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/secret/*" }
        ]
      }`,
    },
  ],
});

for (const [action, arn] of [
  ["s3:GetObject", "arn:aws:s3:::reports/2026/summary.csv"],
  ["s3:GetObject", "arn:aws:s3:::reports/secret/plan.txt"],
  ["s3:DeleteObject", "arn:aws:s3:::reports/2026/summary.csv"],
]) {
  const { outcome, reason } = policies.evaluate({ action, resource: { arn } });
  console.log(`${action} ${arn}\n  ${outcome}: ${reason}`);
}
