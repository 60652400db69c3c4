// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { describe, expect, test } from "vitest";
import type { ReferenceAction } from "../src/authorization-reference.ts";
import type { OperationModel, Service } from "../src/botocore.ts";
import type { ServiceOverrides } from "../src/overrides.ts";
import { type Plan, type PlanSources, planOperation } from "../src/plan-operation.ts";

const action = (
  name: string,
  types: readonly string[],
  more: Partial<ReferenceAction> = {},
): [string, ReferenceAction] => [
  name.toLowerCase(),
  {
    name,
    hasResource: types.length > 0,
    permissionOnly: false,
    level: "W",
    resourceTypes: types.map((type) => ({ name: type, required: true, tags: false })),
    tags: false,
    dependents: [],
    ...more,
  },
];
const reference = new Map([
  action("ex:CreateThing", ["thing"], { tags: true, dependents: ["ex:TagResource"] }),
  action("ex:GetThing", ["thing"], { level: "R" }),
  action("ex:GetPart", ["part"]),
  action("ex:ListThings", []),
  action("ex:TagResource", ["thing", "part"], { level: "T" }),
  action("iam:PassRole", ["role"]),
  action("ex:CreatePart", ["thing", "part"], {
    resourceTypes: [
      { name: "thing", required: true, tags: false },
      { name: "part", required: true, tags: true },
    ],
  }),
]);
const types = new Map([
  [
    "ex",
    new Map([
      ["thing", "arn:${Partition}:ex:${Region}:${Account}:thing/${ThingName}"],
      ["part", "arn:${Partition}:ex:${Region}:${Account}:thing/${ThingName}/part/${PartId}"],
    ]),
  ],
]);
const sources: PlanSources = {
  reference,
  old: reference,
  types,
  conditionKeys: new Set(["ex:mode"]),
  map: undefined,
  tables: () => [],
  passedTo: () => [],
  principals: { example: "ex.amazonaws.com" },
  escapes: () => "",
  checkHooks: {},
  resourceHooks: new Set(["kms-key"]),
  contextHooks: new Set(),
  note: () => {},
};
const members = {
  thingName: { shape: "Text" },
  PartId: { shape: "Text" },
  RoleArn: { shape: "Text" },
  Tags: { shape: "Tags" },
  Mode: { shape: "Text", locationName: "mode" },
};
const service: Service = {
  name: "example",
  versions: ["2020-01-01"],
  ruleSet: {},
  model: {
    metadata: { apiVersion: "2020-01-01", endpointPrefix: "ex", protocol: "json", serviceId: "Example" },
    operations: {},
    shapes: {
      Text: { type: "string" },
      Tags: { type: "list", member: { shape: "Tag" } },
      Tag: { type: "structure", members: { Key: { shape: "Text" }, Value: { shape: "Text" } } },
      All: { type: "structure", required: ["thingName"], members },
      Name: { type: "structure", required: ["thingName"], members: { thingName: { shape: "Text" } } },
      Part: {
        required: ["thingName", "PartId"],
        type: "structure",
        members: { thingName: { shape: "Text" }, PartId: { shape: "Text" }, Tags: { shape: "Tags" } },
      },
      OwnTags: { type: "structure", members: { thingName: { shape: "Text" }, ThingTags: { shape: "Tags" } } },
      EachTags: { type: "structure", members: { thingName: { shape: "Text" }, Things: { shape: "Things" } } },
      Things: { type: "list", member: { shape: "OwnTags" } },
      Inner: { type: "structure", members: { thingName: { shape: "Text" }, Config: { shape: "OwnTags" } } },
      Looks: { type: "structure", members: { thingName: { shape: "Text" }, TagFilter: { shape: "OwnTags" } } },
      RoleText: { type: "string", pattern: "^arn:aws:iam::\\d{12}:role/.*$" },
      TeamRole: { type: "string" },
      Roles: {
        type: "structure",
        members: {
          thingName: { shape: "Text" },
          runner: { shape: "TeamRole" },
          workRole: { shape: "RoleText" },
          Role: { shape: "TeamRole" },
        },
      },
      Arn: { type: "structure", required: ["resourceArn"], members: { resourceArn: { shape: "Text" } } },
    },
  },
};

function plan(name: string, input: string | undefined, overrides?: ServiceOverrides): Plan {
  const operation: OperationModel = {
    name,
    http: { method: "POST", requestUri: "/" },
    ...(input === undefined ? {} : { input: { shape: input } }),
  };
  const actions = [...reference.values()].filter((one) => one.name === `ex:${name}`).map((one) => one.name);
  const decided = { marker: undefined, actions, by: "sameName" } as const;
  return planOperation(service, operation, "ex", ["awsJson1_0"], decided, overrides, sources);
}
const source = "https://docs.aws.amazon.com/example";

describe("what is derived", () => {
  test("a member of the variable's name fills it, and may be an ARN", () => {
    expect(plan("GetThing", "Name").c).toEqual([[".|R", "@~thing/${thingName}"]]);
  });

  test("what no member names is a wildcard, no more than that", () => {
    expect(plan("GetPart", "Name").c).toEqual([[".|W", "@~thing/${thingName}/part/*"]]);
    expect(plan("GetThing", undefined).c).toEqual(
      [[".|R", "~thing/*", { fallback: "~thing/*" }]].map(([a, b]) => [a, b]),
    );
  });

  test("an action without resource types takes none", () => {
    expect(plan("ListThings", undefined).c).toBe(".!|W");
  });

  test("an ARN that may be of several types is taken as it is", () => {
    expect(plan("TagResource", "Arn").c).toEqual([
      [".|T", { arn: "resourceArn", else: "~thing/*" }, { fallback: "~thing/*" }],
    ]);
  });

  test("tags and roles that a request hands over are checks of their own", () => {
    const { c, t, m } = plan("CreateThing", "All", {
      operations: { CreateThing: { context: { "ex:Mode": "${Mode}" }, source } },
    });
    expect(c).toEqual([
      [".|W", "@~thing/${thingName}", { tags: 1 }],
      ["TagResource|T", "@~thing/${thingName}", { when: "Tags[]", tags: 1, fallback: "~thing/*" }],
      [
        "iam:PassRole|W",
        { arn: "RoleArn", else: { hook: "iam-path", kind: "role", members: { name: "RoleArn" } } },
        { when: "RoleArn", context: { "iam:PassedToService": "ex.amazonaws.com" } },
      ],
    ]);
    expect(t).toEqual({ list: "Tags", key: "Key", value: "Value" });
    expect(m).toEqual({ Mode: "mode" });
  });
});

describe("the tags of a request", () => {
  test("are not those of a resource that the Reference authorises without them", () => {
    expect(plan("CreatePart", "Part").c).toEqual([
      [".|W", [{ text: "@~thing/${thingName}", untagged: true }, "@~thing/${thingName}/part/${PartId}"], { tags: 1 }],
    ]);
  });

  test.each([
    ["OwnTags", { list: "ThingTags", key: "Key", value: "Value" }],
    ["Inner", { list: "Config.ThingTags", key: "Key", value: "Value" }],
    ["EachTags", "?"],
    ["Looks", undefined],
  ])("under a name of their own: %s", (input, tags) => {
    expect(plan("CreateThing", input).t).toEqual(tags);
  });
});

test("a role is known by its shape, and one that may be anybody's role is none", () => {
  const { c } = plan("CreateThing", "Roles");
  expect(JSON.stringify(c)).toContain('"when":"workRole"');
  expect(JSON.stringify(c)).not.toMatch(/"when":"(?:Role|runner)"/);
});

describe("mistakes in overrides fail the run", () => {
  test.each<[string, object, string]>([
    ["a member", { resources: ["~thing/${Nothing}"] }, "no member Nothing"],
    ["an action", { also: [{ action: "ex:Nothing" }] }, "no action ex:Nothing"],
    ["a condition key", { context: { "ex:nothing": "x" } }, "no condition key ex:nothing"],
    ["a resource type", { resources: [{ type: "nothing" }] }, "no resource type nothing"],
    ["a hook", { resources: [{ hook: "nothing", members: {} }] }, "no resource hook nothing"],
    ["a named resource", { resources: ["=nothing"] }, "no resource =nothing"],
    ["a condition", { also: [{ action: "ex:GetThing", when: "Nothing" }] }, "no member Nothing"],
  ])("%s that does not exist", (_, override, message) => {
    expect(() => plan("GetThing", "Name", { operations: { GetThing: { ...override, source } } })).toThrow(message);
  });
});
