import { bedrockModel } from "./bedrock-model.ts";
import { dynamodbAttributes } from "./dynamodb-attributes.ts";
import { dynamodbPartiql } from "./dynamodb-partiql.ts";
import { ec2ResourceId } from "./ec2-resource-id.ts";
import type { CheckHook, ContextHook, ResourceHook } from "./hook.ts";
import { iamPath } from "./iam-path.ts";
import { kmsKey } from "./kms-key.ts";
import { lambdaFunction } from "./lambda-function.ts";
import { organizationsId } from "./organizations-id.ts";
import { route53RecordNames } from "./route53-record-names.ts";
import { s3Url } from "./s3-url.ts";
import { secretId } from "./secret-id.ts";
import { sqsQueue } from "./sqs-queue.ts";
import { ssmDocument } from "./ssm-document.ts";
import { ssmNode } from "./ssm-node.ts";
import { ssmParameter } from "./ssm-parameter.ts";

/** What templates cannot say, by the name the tables use. */
export const resourceHooks: Readonly<Record<string, ResourceHook>> = {
  "bedrock-model": bedrockModel,
  "ec2-resource-id": ec2ResourceId,
  "iam-path": iamPath,
  "kms-key": kmsKey,
  "lambda-function": lambdaFunction,
  "organizations-id": organizationsId,
  "s3-url": s3Url,
  "secret-id": secretId,
  "sqs-queue": sqsQueue,
  "ssm-document": ssmDocument,
  "ssm-node": ssmNode,
  "ssm-parameter": ssmParameter,
};

export const checkHooks: Readonly<Record<string, CheckHook>> = {
  "dynamodb-partiql": dynamodbPartiql,
};

export const contextHooks: Readonly<Record<string, ContextHook>> = {
  "dynamodb-attributes": dynamodbAttributes,
  "route53-record-names": route53RecordNames,
};
