import type { CheckResource } from "@iap/aws-core";
import type { ScenarioCall } from "../support/scenario.ts";
import { call, need } from "../support/scenario.ts";

/** What `terraform apply` does for a new task definition of one service: state, lock, reads, the rollout. */
const region = "eu-west-1";
const account = "123456789012";
const none: CheckResource = { none: true };
const revision: CheckResource = {
  pattern: `arn:aws:ecs:${region}:${account}:task-definition/web:*`,
  why: "AWS gives the revision",
};
const service = `arn:aws:ecs:${region}:${account}:service/prod/web`;
const lock = `arn:aws:dynamodb:${region}:${account}:table/terraform-lock`;
const state = "arn:aws:s3:::acme-terraform/prod/web.tfstate";
const role = (name: string) =>
  need(region, "iam:PassRole", `arn:aws:iam::${account}:role/${name}`, {
    "iam:PassedToService": "ecs-tasks.amazonaws.com",
  });
const on = (operation: string, resource: CheckResource | string): ScenarioCall =>
  call(operation, [need(region, operation, resource)]);

export const ecsRollout: readonly ScenarioCall[] = [
  call("sts:GetCallerIdentity", [], { decided: { marker: "permissionless" } }),
  call("s3:ListObjectsV2", [need(region, "s3:ListBucket", "arn:aws:s3:::acme-terraform", { "s3:prefix": "prod/" })]),
  on("dynamodb:PutItem", lock),
  on("s3:GetObject", state),
  on("ec2:DescribeVpcs", none),
  on("ec2:DescribeSubnets", none),
  on("ec2:DescribeSecurityGroups", none),
  on("elasticloadbalancing:DescribeTargetGroups", none),
  on("ecs:DescribeTaskDefinition", none),
  on("ecs:DescribeServices", service),
  on("iam:GetRole", `arn:aws:iam::${account}:role/web-task`),
  on("iam:GetRole", `arn:aws:iam::${account}:role/web-execution`),
  call("ecs:RegisterTaskDefinition", [
    need(region, "ecs:RegisterTaskDefinition", revision),
    role("web-task"),
    role("web-execution"),
  ]),
  on("ecs:UpdateService", service),
  on("ecs:DescribeServices", service),
  on("ecs:DeregisterTaskDefinition", none),
  on(
    "elasticloadbalancing:ModifyTargetGroup",
    `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/web/0123456789abcdef`,
  ),
  on("s3:PutObject", state),
  on("dynamodb:GetItem", lock),
  on("dynamodb:DeleteItem", lock),
  // Something the proxy did not understand went through: no policy can allow it.
  call("ecs:Unknown", [], {
    decided: {
      marker: "unknown",
      operations: [],
      method: "POST",
      host: "ecs.eu-west-1.amazonaws.com",
      service: undefined,
    },
  }),
];
