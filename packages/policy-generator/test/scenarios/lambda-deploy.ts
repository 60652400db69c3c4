import type { ScenarioCall } from "../support/scenario.ts";
import { call, need } from "../support/scenario.ts";

/** A deployment of one function: its code from S3, its role passed, a version, an alias, a trigger. */
const region = "us-east-1";
const account = "123456789012";
const fn = `arn:aws:lambda:${region}:${account}:function:resize-images`;
const group = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/resize-images`;
const tags = { "aws:RequestTag/service": "images", "aws:TagKeys": ["service"] };

export const lambdaDeploy: readonly ScenarioCall[] = [
  call("sts:GetCallerIdentity", [], { decided: { marker: "permissionless" } }),
  // Not there yet: the call had to be allowed for AWS to say so.
  call("lambda:GetFunction", [need(region, "lambda:GetFunction", fn)], {
    finished: { status: 404, errorCode: "ResourceNotFoundException" },
  }),
  call("s3:PutObject", [need(region, "s3:PutObject", "arn:aws:s3:::acme-artifacts/resize-images/4f2a9c1b.zip")]),
  call("logs:CreateLogGroup", [
    need(region, "logs:CreateLogGroup", group, tags),
    need(region, "logs:TagResource", group, tags),
  ]),
  call("logs:PutRetentionPolicy", [need(region, "logs:PutRetentionPolicy", group)]),
  call("lambda:CreateFunction", [
    need(region, "lambda:CreateFunction", fn, tags),
    need(region, "lambda:TagResource", fn, tags),
    need(region, "iam:PassRole", `arn:aws:iam::${account}:role/resize-images`, {
      "iam:PassedToService": "lambda.amazonaws.com",
    }),
    need(region, "s3:GetObject", "arn:aws:s3:::acme-artifacts/resize-images/4f2a9c1b.zip"),
  ]),
  call("lambda:GetFunctionConfiguration", [need(region, "lambda:GetFunctionConfiguration", fn)]),
  call("lambda:UpdateFunctionCode", [
    need(region, "lambda:UpdateFunctionCode", fn),
    need(region, "s3:GetObject", "arn:aws:s3:::acme-artifacts/resize-images/4f2a9c1b.zip"),
  ]),
  call("lambda:PublishVersion", [need(region, "lambda:PublishVersion", fn)]),
  call("lambda:CreateAlias", [need(region, "lambda:CreateAlias", fn)]),
  call("lambda:UpdateAlias", [need(region, "lambda:UpdateAlias", fn)]),
  call("lambda:AddPermission", [need(region, "lambda:AddPermission", fn)]),
  call("lambda:Invoke", [need(region, "lambda:InvokeFunction", `${fn}:live`)]),
];
