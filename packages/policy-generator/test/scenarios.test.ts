import { readFileSync, writeFileSync } from "node:fs";
import type { ActivityRecord } from "@iap/aws-core";
import { compilePolicySet } from "@iap/iam-evaluator";
import { describe, expect, test } from "vitest";
import { type GenerateOptions, generatePolicy } from "../src/generate-policy.ts";
import { replayPolicy } from "../src/replay-policy.ts";
import { dynamodbCrud } from "./scenarios/dynamodb-crud.ts";
import { ecsRollout } from "./scenarios/ecs-rollout.ts";
import { iamBootstrap } from "./scenarios/iam-bootstrap.ts";
import { lambdaDeploy } from "./scenarios/lambda-deploy.ts";
import { s3SyncJob } from "./scenarios/s3-sync-job.ts";
import { record } from "./support/scenario.ts";

/** The policies were read line by line; `UPDATE_SCENARIOS=1` writes them anew, to be read again. */
const expected = (name: string): URL => new URL(`fixtures/scenarios/${name}.policy.json`, import.meta.url);

const scenarios: readonly (readonly [name: string, records: ActivityRecord[], options: GenerateOptions])[] = [
  ["s3-sync-job", record(s3SyncJob), {}],
  ["s3-sync-job.generalised", record(s3SyncJob), { generalise: ["date", "siblings"], siblings: 4 }],
  ["dynamodb-crud", record(dynamodbCrud), {}],
  ["lambda-deploy", record(lambdaDeploy), {}],
  ["ecs-rollout", record(ecsRollout), {}],
  ["iam-bootstrap", record(iamBootstrap), {}],
];

test.each(scenarios)("%s gives the policy one would sign", (name, records, options) => {
  const { text } = generatePolicy(records, options);
  if (process.env.UPDATE_SCENARIOS !== undefined) writeFileSync(expected(name), text);
  expect(text).toBe(readFileSync(expected(name), "utf8"));
});

test.each(scenarios)(
  "%s, replayed against its policy, is allowed but for what no policy can allow",
  (_name, records, options) => {
    const { text, report } = generatePolicy(records, options);
    const evaluator = compilePolicySet({ identity: [{ name: "generated.json", document: text }] });
    const { deniedRequests, allowed } = replayPolicy(records, evaluator);
    expect(deniedRequests).toBe(report.unknownOperations.length);
    expect(allowed).toBeGreaterThanOrEqual(report.granted);
  },
);

describe("the reports", () => {
  test("of the sync job count the retried part once, and leave out what AWS denied", () => {
    const { report } = generatePolicy(record(s3SyncJob));
    expect(report).toMatchObject({ retries: 1, overGrant: 1, unknownOperations: [], widenings: [] });
    expect(report.leftOut).toEqual([{ why: "AWS denied it", count: 1, examples: ["s3:ListAllMyBuckets"] }]);
  });

  test("of the rollout name the operation that was not understood and the declared wildcard", () => {
    const { report } = generatePolicy(record(ecsRollout));
    expect(report.unknownOperations).toEqual(["POST ecs.eu-west-1.amazonaws.com"]);
    expect(report.declaredWildcards).toEqual([
      {
        resource: "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:*",
        why: "AWS gives the revision",
        actions: ["ecs:RegisterTaskDefinition"],
        covers: [],
      },
    ]);
  });
});
