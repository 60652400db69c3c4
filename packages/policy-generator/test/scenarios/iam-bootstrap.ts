import type { ScenarioCall } from "../support/scenario.ts";
import { call, need } from "../support/scenario.ts";

/** The bootstrap of an account: a deployment role, its policy, an instance profile, a service-linked role. */
const region = "us-east-1";
const account = "123456789012";
const iam = (resource: string): string => `arn:aws:iam::${account}:${resource}`;
const tags = { "aws:RequestTag/managed-by": "bootstrap", "aws:TagKeys": ["managed-by"] };
const on = (action: string, resource: string): ScenarioCall =>
  call(`iam:${action}`, [need(region, `iam:${action}`, iam(resource))]);

export const iamBootstrap: readonly ScenarioCall[] = [
  call("sts:GetCallerIdentity", [], { decided: { marker: "permissionless" } }),
  call("iam:GetRole", [need(region, "iam:GetRole", iam("role/deploy"))], {
    finished: { status: 404, errorCode: "NoSuchEntity" },
  }),
  call("iam:CreateRole", [
    need(region, "iam:CreateRole", iam("role/deploy"), tags),
    need(region, "iam:TagRole", iam("role/deploy"), tags),
  ]),
  on("CreatePolicy", "policy/deploy"),
  on("CreatePolicyVersion", "policy/deploy"),
  call("iam:AttachRolePolicy", [
    need(region, "iam:AttachRolePolicy", iam("role/deploy"), { "iam:PolicyARN": iam("policy/deploy") }),
  ]),
  on("PutRolePolicy", "role/deploy"),
  on("GetRole", "role/deploy"),
  on("ListRolePolicies", "role/deploy"),
  on("ListAttachedRolePolicies", "role/deploy"),
  call("iam:ListRoles", [need(region, "iam:ListRoles", { none: true })]),
  on("CreateInstanceProfile", "instance-profile/deploy"),
  call("iam:AddRoleToInstanceProfile", [
    need(region, "iam:AddRoleToInstanceProfile", iam("instance-profile/deploy")),
    need(region, "iam:PassRole", iam("role/deploy"), { "iam:PassedToService": "ec2.amazonaws.com" }),
  ]),
  call("iam:CreateServiceLinkedRole", [
    need(region, "iam:CreateServiceLinkedRole", iam("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"), {
      "iam:AWSServiceName": "ecs.amazonaws.com",
    }),
  ]),
  call("iam:CreateUser", [need(region, "iam:CreateUser", iam("user/temp"))], {
    finished: { status: 403, errorCode: "AccessDenied" },
  }),
];
