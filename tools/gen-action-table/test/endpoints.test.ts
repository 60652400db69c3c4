import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Service } from "../src/botocore.ts";
import { endpointsModule } from "../src/endpoints.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "endpoints-"));
  const outputs = { dnsSuffix: "amazonaws.com", dualStackDnsSuffix: "api.aws", implicitGlobalRegion: "us-east-1" };
  const partition = { id: "aws", regionRegex: "^us\\-\\w+\\-\\d+$", regions: {}, outputs };
  writeFileSync(join(dir, "partitions.json"), JSON.stringify({ partitions: [partition] }));
  const services = { old: { endpoints: { "us-east-1": { credentialScope: { service: "older" } } } } };
  const legacy = { partition: "aws", dnsSuffix: "amazonaws.com", services };
  writeFileSync(join(dir, "endpoints.json"), JSON.stringify({ partitions: [legacy] }));
});
afterEach(() => rmSync(dir, { recursive: true }));

const url = (text: string, region?: string) => ({
  type: "endpoint",
  endpoint: { url: text, properties: region ? { authSchemes: [{ name: "sigv4", signingRegion: region }] } : {} },
});

test("hosts become patterns: region, account, FIPS and host prefixes taken out", () => {
  const service: Service = {
    name: "example",
    versions: ["2020-01-01"],
    ruleSet: {
      rules: [
        url("https://ex.{Region}.{PartitionResult#dnsSuffix}"),
        url("https://ex-fips.{Region}.{PartitionResult#dualStackDnsSuffix}"),
        url("https://{AccountId}.data.ex.us-west-2.amazonaws.com"),
        url("https://ex.{PartitionResult#dnsSuffix}", "us-west-2"),
      ],
    },
    model: {
      metadata: {
        apiVersion: "2020-01-01",
        endpointPrefix: "ex",
        signingName: "example",
        protocol: "json",
        serviceId: "Example",
      },
      operations: {
        Do: { name: "Do", http: { method: "POST", requestUri: "/" }, endpoint: { hostPrefix: "run." } },
      },
      shapes: {},
    },
  };
  const module = endpointsModule(dir, [service]);
  const line = module.split("\n").find((text) => text.startsWith("ex|"));
  expect(line).toBe("ex|example|ex run.ex run.ex.~ run.{a}.data.ex.~ {a}.data.ex.~");
  expect(module).toContain('["aws ex","us-west-2"]');
  expect(module).toContain("\nold|older\n");
});
