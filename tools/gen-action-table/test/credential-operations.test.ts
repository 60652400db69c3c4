import { expect, test } from "vitest";
import type { Service } from "../src/botocore.ts";
import { credentialModule, type ReviewedOperations } from "../src/credential-operations.ts";

const service: Service = {
  name: "example",
  versions: ["2020-01-01"],
  ruleSet: {},
  model: {
    metadata: { apiVersion: "2020-01-01", endpointPrefix: "ex", protocol: "json", serviceId: "Example" },
    operations: {
      Lend: { name: "Lend", http: { method: "POST", requestUri: "/" }, output: { shape: "Out" } },
      Look: { name: "Look", http: { method: "POST", requestUri: "/" }, output: { shape: "Name" } },
    },
    shapes: {
      Out: { type: "structure", members: { Items: { shape: "List" } } },
      List: { type: "list", member: { shape: "Keys" } },
      Keys: { type: "structure", members: { SecretAccessKey: { shape: "Name" }, Again: { shape: "List" } } },
      Name: { type: "string" },
    },
  },
};
const generate = (reviewed: ReviewedOperations) => credentialModule(reviewed, [service], new Map());

test("an answer with a secret key at any depth must be reviewed", () => {
  expect(() => generate({})).toThrow("example:Lend answers with AWS keys");
});

test("reviewed operations are listed by IAM prefix, and under further ones", () => {
  const module = generate({ "example:Lend": { why: "Keys.", also: ["other"] } });
  expect(module).toContain('"ex:Lend": "Keys."');
  expect(module).toContain('"other:Lend": "Keys."');
});

test("an operation that is not in the models must say so; it may come to be in them", () => {
  const lend = { "example:Lend": { why: "Keys." } };
  expect(() => generate({ ...lend, "example:Gone": { why: "?" } })).toThrow("example:Gone is not in the models");
  expect(generate({ ...lend, "example:Gone": { why: "?", unmodelled: true } })).toContain("ex:Gone");
  expect(generate({ "example:Lend": { why: "Keys.", unmodelled: true } })).toContain("Lend");
  expect(() => generate({ ...lend, "gone:Lend": { why: "?" } })).toThrow("no service gone");
});
