import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { parseEndpoint } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { readOperation } from "../src/operation.ts";
import type { Shard } from "../src/shard.ts";
import { shardsBySigningName } from "../src/shards.data.ts";
import { resolver } from "./support.ts";

const folder = new URL("../data/", import.meta.url);
const files = readdirSync(folder).filter((file) => file !== "provenance.json" && file !== "coverage.json");
const shards = files.map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Shard);

describe("the committed tables", () => {
  test("cover the services of AWS, each under a signing name", () => {
    expect(shards.length).toBeGreaterThan(420);
    const indexed = new Set(Object.values(shardsBySigningName).flatMap((names) => names.split(" ")));
    expect(new Set(files.map((file) => file.replace(".json", "")))).toEqual(indexed);
  });

  test("give every operation an action or a marker; what the Authorization Reference lacks is unknown, and little", () => {
    let operations = 0;
    let unknown = 0;
    for (const shard of shards) {
      for (const name of Object.keys(shard.operations)) {
        const operation = readOperation(shard, name);
        operations++;
        if (operation?.marker === "unknown") unknown++;
        if (operation?.marker === undefined) expect(operation?.actions, `${shard.service} ${name}`).not.toEqual([]);
        for (const action of operation?.actions ?? []) expect(action.name).toMatch(/^[a-z0-9-]+:[A-Za-z0-9]+$/);
      }
    }
    expect(operations).toBeGreaterThan(18_900);
    expect(unknown / operations).toBeLessThan(0.015);
  });

  test("stay under 1 MB compressed, and the index under 40 KB", () => {
    const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, folder))).length, 0);
    expect(size).toBeLessThan(1_000_000);
    expect(JSON.stringify(shardsBySigningName).length).toBeLessThan(40_000);
  });

  test("say what they were made from, and nothing of the machine they were made on", () => {
    const provenance = JSON.parse(readFileSync(new URL("provenance.json", folder), "utf8")) as {
      name: string;
      version?: string;
      sha256: string;
    }[];
    for (const { name, version, sha256 } of provenance) {
      expect(sha256, name).toMatch(/^[0-9a-f]{64}$/);
      if (/@|botocore|map|traits/.test(name)) expect(version, name).toMatch(/^\d+[.-]\d+[.-]?\d*$/);
    }
    expect(provenance.filter(({ name }) => name.startsWith("@aws-sdk/client-")).length).toBeGreaterThan(40);
    expect(JSON.stringify(provenance)).not.toMatch(/"[^"]*(?:\/|\\)(?:tmp|home|work)/);
  });

  test("have hosts: each service's regional host is an endpoint that takes its signing name, with few exceptions", () => {
    const without: string[] = [];
    for (const [signingName, names] of Object.entries(shardsBySigningName)) {
      for (const name of names.split(" ")) {
        const shard = shards.find(({ service }) => service === name) as Shard;
        const endpoint = parseEndpoint(`${shard.endpointPrefix}.us-east-1.amazonaws.com`);
        if (!endpoint?.signingNames.includes(signingName)) without.push(`${signingName} ${name}`);
      }
    }
    // Global hosts, hosts of accounts and clusters, S3's other forms.
    expect(without.length, without.join(", ")).toBeLessThan(25);
  });
});

describe("describeOperation", () => {
  test("tells an operation's actions from its loaded table", async () => {
    await resolver.load("ses");
    expect(resolver.describeOperation("sesv2", "SendEmail")).toEqual({
      service: "sesv2",
      serviceId: "SESv2",
      prefix: "ses",
      name: "SendEmail",
      protocols: ["restJson1"],
      marker: undefined,
      actions: ["ses:SendRawEmail", "ses:SendEmail"].map((name) => ({
        name,
        hasResource: true,
        access: "Write",
        escape: [],
      })),
      returnsCredentials: undefined,
      returnsSecrets: undefined,
    });
    expect(resolver.describeOperation("sesv2", "Nothing")).toBeUndefined();
    expect(resolver.describeOperation("made-up", "SendEmail")).toBeUndefined();
  });

  test.each([
    ["kms", "kms", "ReEncrypt", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]],
    ["dynamodb", "dynamodb", "TransactGetItems", ["dynamodb:GetItem"]],
    ["dynamodb", "dynamodb", "BatchWriteItem", ["dynamodb:BatchWriteItem"]],
    ["sns", "sns", "PublishBatch", ["sns:Publish"]],
    ["lambda", "lambda", "InvokeWithResponseStream", ["lambda:InvokeFunction"]],
    ["lambda", "lambda", "GetLayerVersionByArn", ["lambda:GetLayerVersion"]],
    ["lambda", "lambda", "InvokeAsync", ["lambda:InvokeAsync", "lambda:InvokeFunction"]],
    [
      "bedrock",
      "bedrock-runtime",
      "Converse",
      ["bedrock:InvokeModel", "bedrock:ApplyGuardrail", "bedrock:InvokeTool", "bedrock:RenderPrompt"],
    ],
    [
      "bedrock",
      "bedrock-runtime",
      "ConverseStream",
      ["bedrock:InvokeModelWithResponseStream", "bedrock:ApplyGuardrail", "bedrock:InvokeTool", "bedrock:RenderPrompt"],
    ],
    ["apigateway", "apigateway", "GetRestApis", ["apigateway:GET"]],
    ["apigateway", "apigatewayv2", "CreateApi", ["apigateway:POST", "iam:PassRole"]],
    ["monitoring", "cloudwatch", "PutMetricData", ["cloudwatch:PutMetricData"]],
    ["cassandra", "keyspaces", "CreateTable", ["cassandra:Create"]],
    ["tagging", "resourcegroupstaggingapi", "GetResources", ["tag:GetResources"]],
    ["cloudcontrolapi", "cloudcontrol", "CreateResource", ["cloudformation:CreateResource", "iam:PassRole"]],
    ["partnercentral-selling", "partnercentral-selling", "GetOpportunity", ["partnercentral:GetOpportunity"]],
    ["execute-api", "apigatewaymanagementapi", "PostToConnection", ["execute-api:ManageConnections"]],
    ["budgets", "budgets", "CreateBudget", ["budgets:ModifyBudget"]],
  ])("%s: %s %s needs %j", async (signingName, service, operation, actions) => {
    await resolver.load(signingName);
    expect(resolver.describeOperation(service, operation)?.actions.map(({ name }) => name)).toEqual(actions);
  });
});
