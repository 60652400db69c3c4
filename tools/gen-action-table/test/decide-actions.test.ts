import { describe, expect, test } from "vitest";
import type { ReferenceAction } from "../src/authorization-reference.ts";
import type { OperationModel, Service } from "../src/botocore.ts";
import { decideActions, type Sources } from "../src/decide-actions.ts";
import type { ServiceOverrides } from "../src/overrides.ts";

const reference = new Map<string, ReferenceAction>(
  ["ex:DoIt", "ex:DoThat", "ex:GET", "ex:Other", "other:DoThat"].map((name) => [
    name.toLowerCase(),
    {
      name,
      hasResource: true,
      permissionOnly: false,
      level: "W",
      resourceTypes: [],
      tags: false,
      dependents: [],
    },
  ]),
);
const service: Service = {
  name: "example",
  versions: ["2020-01-01"],
  ruleSet: {},
  model: {
    metadata: { apiVersion: "2020-01-01", endpointPrefix: "ex", protocol: "json", serviceId: "Example" },
    operations: {},
    shapes: {},
  },
};
const operation = (name: string, more: Partial<OperationModel> = {}): OperationModel => ({
  name,
  http: { method: "GET", requestUri: "/" },
  ...more,
});
const source = "https://docs.aws.amazon.com/example";

function decide(
  name: string,
  sources: Partial<Sources> = {},
  overrides?: ServiceOverrides,
  more: Partial<OperationModel> = {},
) {
  return decideActions(service, operation(name, more), overrides, {
    reference,
    tables: () => [],
    map: () => [],
    smithyName: () => undefined,
    ...sources,
  });
}

describe("the sources, in order", () => {
  test("an override wins over all others", () => {
    const overrides = { operations: { DoIt: { actions: ["ex:other"], source } } };
    expect(decide("DoIt", { tables: () => ["ex:DoThat"] }, overrides)).toEqual({
      marker: undefined,
      actions: ["ex:Other"],
      by: "override",
    });
  });

  test("an override for all operations may name the method", () => {
    expect(decide("DoIt", {}, { all: { actions: ["ex:{METHOD}"], source } }).actions).toEqual(["ex:GET"]);
  });

  test("a row of AWS's table with one action is the answer", () => {
    expect(decide("DoIt", { tables: () => ["ex:DoThat"] })).toMatchObject({ actions: ["ex:DoThat"], by: "table" });
  });

  test("a row with several is a superset: the action of the same name is taken", () => {
    expect(decide("DoIt", { tables: () => ["ex:DoThat", "ex:DoIt"] })).toMatchObject({
      actions: ["ex:DoIt"],
      by: "sameName",
    });
  });

  test("a trait that names another action is required besides the one of the same name", () => {
    expect(decide("DoIt", { smithyName: () => "DoThat" })).toMatchObject({
      actions: ["ex:DoIt", "ex:DoThat"],
      by: "trait",
    });
  });

  test("where the map disagrees with the same name, both are required", () => {
    expect(decide("DoIt", { map: () => ["ex:DoThat"] })).toMatchObject({
      actions: ["ex:DoIt", "ex:DoThat"],
      by: "union",
    });
  });

  test("actions of other services in the map are dependents, not the operation's own", () => {
    expect(decide("DoIt", { map: () => ["other:DoThat", "ex:DoIt"] })).toMatchObject({
      actions: ["ex:DoIt"],
      by: "sameName",
    });
  });

  test("without a same name the map decides, as far as its actions still exist", () => {
    expect(decide("Renamed", { map: () => ["ex:DoThat", "ex:Gone"] })).toMatchObject({
      actions: ["ex:DoThat"],
      by: "map",
    });
  });

  test("what nothing decides is unknown", () => {
    expect(decide("Renamed")).toEqual({ marker: "unknown", actions: [], by: "nothing" });
  });

  test("an operation that is sent unsigned is marked, and keeps its action", () => {
    expect(decide("DoIt", {}, undefined, { authtype: "none" })).toMatchObject({
      marker: "unsigned",
      actions: ["ex:DoIt"],
    });
    expect(decide("Renamed", {}, undefined, { auth: ["smithy.api#httpBearerAuth"] })).toMatchObject({
      marker: "bearer",
    });
  });

  test("CloudFront's operations lose their version", () => {
    expect(decide("DoIt2020_05_31").actions).toEqual(["ex:DoIt"]);
  });
});

describe("what does not exist fails the run", () => {
  test("in an override, unless it says so", () => {
    const overrides = (more: object) => ({ operations: { DoIt: { actions: ["ex:Gone"], source, ...more } } });
    expect(() => decide("DoIt", {}, overrides({}))).toThrow("no action ex:Gone");
    expect(decide("DoIt", {}, overrides({ unlisted: true })).actions).toEqual(["ex:Gone"]);
  });

  test("in AWS's table", () => {
    expect(() => decide("DoIt", { tables: () => ["ex:Gone"] })).toThrow("ex:Gone, which is not in the reference");
  });
});
