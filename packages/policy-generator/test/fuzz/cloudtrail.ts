import assert from "node:assert/strict";
import type { Check } from "@iap/aws-core";
import {
  generatePolicy,
  NothingToGrantError,
  recordsFromCloudTrail,
  type TrailCall,
  type TrailOperation,
} from "../../src/index.ts";

const event = (eventSource: string, eventName: string, more: object): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      ...{
        eventID: "1",
        eventTime: "2026-11-24T09:00:00Z",
        awsRegion: "eu-west-1",
        recipientAccountId: "123456789012",
      },
      ...{ eventSource, eventName, ...more },
    }),
    "utf8",
  );
const role = "arn:aws:iam::123456789012:role/ci";
export const seeds: readonly Uint8Array[] = [
  event("s3.amazonaws.com", "PutObject", { requestParameters: { bucketName: "b", key: "2026/\u540d.csv" } }),
  event("kms.amazonaws.com", "Decrypt", { resources: [{ ARN: "arn:aws:kms:eu-west-1:123456789012:key/1" }] }),
  event("lambda.amazonaws.com", "CreateFunction20150331v2", { requestParameters: { functionName: "f", role } }),
  event("iam.amazonaws.com", "PassRole", { errorCode: "AccessDenied", requestParameters: { roles: [{ role }] } }),
  event("sqs.amazonaws.com", "SendMessage", {
    requestParameters: { queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/q*" },
    userIdentity: {
      ...{ type: "AssumedRole", arn: "arn:aws:sts::123456789012:assumed-role/ci/x", invokedBy: "s3.amazonaws.com" },
      sessionContext: { sessionIssuer: { type: "Role", arn: role } },
    },
  }),
];

/** What the table may say: nothing, actions only, or checks that the call's own words are in. */
function operation({ source, name, parameters, partition, region, account }: TrailCall): TrailOperation | undefined {
  const prefix = source;
  const actions = [
    { name: `${source}:${name}`, hasResource: true },
    { name: "iam:PassRole", hasResource: true },
  ];
  switch (name.length % 3) {
    case 0:
      return undefined;
    case 1:
      return { prefix, actions };
    default: {
      const [word = ""] = Object.values(parameters ?? {}).filter((value) => typeof value === "string");
      const resource = { pattern: `arn:${partition}:${source}:${region}:${account}:${word}*`, why: "not told" };
      const checks: Check[] = [{ action: `${source}:${name}`, resource, context: { word }, authoritative: [] }];
      return { prefix, actions, checks };
    }
  }
}

/** Any JSON is the records of a call, or none and told why; and what they need is a policy, or told to be none. */
export function run(bytes: Uint8Array): void {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return;
  }
  const records = recordsFromCloudTrail(read, { operation });
  if (typeof records === "string") return assert.notEqual(records, "");
  try {
    const { report } = generatePolicy(records, { includeDenied: true, generalise: ["uuid", "date", "number"] });
    assert.equal(report.granted, 1);
  } catch (error) {
    if (!(error instanceof NothingToGrantError)) throw error;
    assert.equal(error.leftOut.length, 1);
  }
}
