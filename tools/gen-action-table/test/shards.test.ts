// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { expect, test } from "vitest";
import type { OperationModel, Service } from "../src/botocore.ts";
import type { Plan } from "../src/plan-operation.ts";
import { makeShard, renderShard, wireKeys } from "../src/shards.ts";

const service: Service = {
  name: "example",
  versions: ["2019-01-01", "2020-01-01"],
  ruleSet: {},
  model: {
    metadata: { apiVersion: "2020-01-01", endpointPrefix: "ex", protocol: "rest-json", serviceId: "Example" },
    operations: {
      OldThing: {
        name: "OldThing",
        deprecated: true,
        http: { method: "GET", requestUri: "/things/{Id}" },
        input: { shape: "In" },
      },
      GetThing: { name: "GetThing", http: { method: "GET", requestUri: "/things/{Name}" }, input: { shape: "In" } },
    },
    shapes: {
      In: {
        type: "structure",
        required: ["Name", "Filter", "Token"],
        members: {
          Name: { shape: "String", location: "uri", locationName: "Name" },
          Filter: { shape: "String", location: "querystring", locationName: "filter" },
          Token: { shape: "String", location: "header", locationName: "X-Token" },
          Max: { shape: "String", location: "querystring", locationName: "max" },
        },
      },
      String: { type: "string" },
    },
  },
};
const plan = ({ name }: OperationModel): Plan => ({ c: name === "GetThing" ? ".!,other:Do" : "GetThing!,other:Do" });

test("a REST operation has its actions, its wire form and its required members", () => {
  const shard = makeShard(service, undefined, plan);
  expect(shard).toMatchObject({ service: "example", prefix: "ex", protocols: ["restJson1"] });
  expect(shard.operations.GetThing).toEqual({
    c: ".!,other:Do",
    w: ["GET /things/{Name}"],
    q: ["filter"],
    h: ["x-token"],
  });
});

test("a deprecated operation that shares its wire form is described, but never matched", () => {
  const shard = makeShard(service, undefined, plan);
  expect(shard.operations.OldThing).toBe("GetThing!,other:Do");
  expect([...wireKeys(shard).values()]).toEqual([["GetThing"]]);
});

test("two operations on one wire form are told, whatever their labels are called", () => {
  const { model } = service;
  const { OldThing, GetThing } = model.operations as Record<"OldThing" | "GetThing", OperationModel>;
  const operations = { OldThing: { ...OldThing, deprecated: false }, GetThing };
  const shard = makeShard({ ...service, model: { ...model, operations } }, undefined, plan);
  expect([...wireKeys(shard).values()]).toEqual([["GetThing", "OldThing"]]);
});

test("a path prefix and further wire forms come from the overrides", () => {
  const shard = makeShard(service, { pathPrefix: "/v2", wire: { GetThing: ["POST /x"] } }, plan);
  expect(shard.operations.GetThing).toMatchObject({ w: ["GET /v2/things/{Name}", "POST /x"] });
});

test("a query service lists every version it answers, and a compatible JSON service is one too", () => {
  const { model } = service;
  const query = { ...service, model: { ...model, metadata: { ...model.metadata, protocol: "query" } } };
  expect(makeShard(query, undefined, plan)).toMatchObject({
    protocols: ["awsQuery"],
    versions: ["2019-01-01", "2020-01-01"],
    operations: { GetThing: ".!,other:Do" },
  });
  const json = { ...model.metadata, protocol: "json", jsonVersion: "1.0", awsQueryCompatible: {} };
  expect(makeShard({ ...service, model: { ...model, metadata: json } }, undefined, plan).protocols).toEqual([
    "awsJson1_0",
    "awsQuery",
  ]);
});

test("a protocol nobody knows fails the run", () => {
  const { model } = service;
  const odd = { ...service, model: { ...model, metadata: { ...model.metadata, protocols: ["telepathy"] } } };
  expect(() => makeShard(odd, undefined, plan)).toThrow("telepathy");
});

test("a shard is JSON with one operation a line", () => {
  const shard = makeShard(service, undefined, plan);
  const text = renderShard(shard);
  expect(JSON.parse(text)).toEqual(shard);
  expect(text.split("\n").filter((line) => line.startsWith('"'))).toHaveLength(2);
});

test("an operation that the models lack is added with its wire form", () => {
  const extra = {
    Newest: { actions: ["ex:Newest"], wire: ["POST /new"], source: "https://docs.aws.amazon.com/example" },
  };
  const shard = makeShard(service, { extra }, ({ name }) => ({ c: name === "Newest" ? "." : "Other" }));
  expect(shard.operations.Newest).toEqual({ c: ".", w: ["POST /new"] });
});

test("a resource that several checks name stands once", () => {
  const resource = { arn: "Name", else: "~thing/${Name}" };
  const shard = makeShard(service, undefined, () => ({ c: [[".", resource]] }));
  expect(shard.resources).toEqual([resource]);
  expect(shard.operations.GetThing).toMatchObject({ c: [[".", 0]] });
});
