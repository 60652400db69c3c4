import { expect, test } from "vitest";
import type { OperationModel, Service, ShapeModel } from "../src/botocore.ts";
import type { ReviewedOperations } from "../src/credential-operations.ts";
import { credentialOutputsModule } from "../src/credential-outputs.ts";

const keys: ShapeModel = {
  type: "structure",
  members: {
    AccessKeyId: { shape: "Text" },
    SecretAccessKey: { shape: "Text" },
    SessionToken: { shape: "Text" },
    Expiration: { shape: "Text" },
  },
};

function generate(
  protocol: string,
  shapes: Readonly<Record<string, ShapeModel>>,
  output: object = {},
  reviewed: ReviewedOperations = {},
): string {
  const operation = { name: "Lend", http: { method: "POST", requestUri: "/" }, output: { shape: "Out", ...output } };
  const service: Service = {
    name: "example",
    versions: ["2020-01-01"],
    ruleSet: {},
    model: {
      metadata: { apiVersion: "2020-01-01", endpointPrefix: "ex", protocol, serviceId: "Example" },
      operations: { Lend: operation as OperationModel },
      shapes: { ...shapes, Text: { type: "string" } },
    },
  };
  return credentialOutputsModule([service], new Map(), reviewed);
}

const list = {
  Out: { type: "structure", members: { Jobs: { shape: "Jobs", locationName: "jobs" } } },
  Jobs: { type: "list", member: { shape: "Keys" } },
  Keys: keys,
} as const;

test("the path to temporary credentials is in wire names, with [] for each item of a list", () => {
  expect(generate("json", list)).toContain(
    `"ex:Lend": { path: ["jobs", "[]"], accessKeyId: "AccessKeyId", secretAccessKey: "SecretAccessKey", sessionToken: "SessionToken", expiration: "Expiration" },`,
  );
});

test("a query answer is below its result wrapper, whether the model names it or not", () => {
  const shapes = { Out: { type: "structure", members: { Keys: { shape: "Keys" } } }, Keys: keys } as const;
  expect(generate("query", shapes, { resultWrapper: "LendResult" })).toContain(`wrappers: ["LendResult"]`);
  expect(generate("query", shapes)).toContain(`wrappers: ["LendResult"]`);
});

test("a payload is the whole body", () => {
  const shapes = {
    Out: { type: "structure", members: { Lent: { shape: "Lent" } }, payload: "Lent" },
    Lent: { type: "structure", members: { keys: { shape: "Keys" } } },
    Keys: keys,
  } as const;
  expect(generate("rest-json", shapes)).toContain(`"ex:Lend": { path: ["keys"],`);
});

test("an operation has a row for each prefix it is resolved under, and none where replacing would pretend", () => {
  const why = "Its answer holds keys.";
  const rows = generate("json", list, {}, { "example:Lend": { why, also: ["exexpress"] } });
  expect(rows).toContain(`"ex:Lend": {`);
  expect(rows).toContain(`"exexpress:Lend": {`);
  expect(generate("json", list, {}, { "example:Lend": { why, unreplaceable: true } })).not.toContain("Lend");
});

test("permanent keys, which have no session token, are left out", () => {
  const { SessionToken: _, ...permanent } = keys.members ?? {};
  expect(generate("json", { Out: { type: "structure", members: permanent } })).not.toContain("ex:Lend");
});

test("credentials in two places fail the run", () => {
  const two = { type: "structure", members: { A: { shape: "Keys" }, B: { shape: "Keys" } } } as const;
  expect(() => generate("json", { Out: two, Keys: keys })).toThrow(
    "example:Lend answers with credentials in two places",
  );
});
