import { describe, expect, test } from "vitest";
import { readFormMembers } from "../src/form-members.ts";
import type { WireNames } from "../src/wanted.ts";
import { shown, wanted } from "./wanted-members.ts";

const read = (form: string, paths: readonly string[], wire: Partial<WireNames> = {}): unknown =>
  shown(readFormMembers([], Buffer.from(form), wanted(paths, wire)));
const ec2 = { item: "", field: (name: string) => name };

describe("the query protocol", () => {
  test.each([
    ["Action=X&RoleName=a%2Bb+c&Other=1", ["RoleName"], {}, { RoleName: "a+b c" }],
    [
      "Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.1.Value=v",
      ["Tags[].Key"],
      {},
      { Tags: [{ Key: "a" }, { Key: "b" }] },
    ],
    ["A.entry.1.key=k&A.entry.1.value=v", ["A{}"], {}, { A: { k: "v" } }],
    [
      "Attribute.1.Name=n&Attribute.1.Value=v",
      ["Attributes{}"],
      { names: { Attributes: "Attribute", "Attributes{}": ",Name,Value" } },
      { Attributes: { n: "v" } },
    ],
    ["S.T=x", ["S.T"], {}, { S: { T: "x" } }],
    ["S.U=x", ["S"], {}, { S: "(there)" }],
    ["Tags=", ["Tags[].Key"], {}, { Tags: [] }],
    ["RoleName&=x&Role%4eame2=y", ["RoleName", "RoleName2"], {}, { RoleName: "", RoleName2: "y" }],
    ["Tags.member.1.Other=x", ["Tags[].Key"], {}, { Tags: [{}] }],
    ["L.member.1.x=y", ["L[]"], {}, { L: ["(there)"] }],
    ["A.entry.1.key=k&A.entry.1.value=v&A.entry.2.key=l", ["A{key}"], {}, { A: { k: "(there)", l: "(there)" } }],
    ["A.entry.1.key=k&A.entry.1.value.T=v", ["A{}.S"], {}, { A: { k: {} } }],
  ])("%s: %j", (form, paths, wire, members) => {
    expect(read(form, paths, wire)).toEqual(members);
  });

  test("parameters may stand in the URL", () => {
    const parameters = [
      ["RoleName", "r"],
      ["A.entry.1.key", "k"],
      ["Tags", ""],
    ] as const;
    expect(shown(readFormMembers(parameters, undefined, wanted(["RoleName", "A{key}", "Tags[].Key"])))).toEqual({
      RoleName: "r",
      A: { k: "(there)" },
      Tags: [],
    });
  });
});

test("the EC2 protocol numbers lists without a name between, past nine in order", () => {
  const form = Array.from({ length: 11 }, (_, i) => `InstanceId.${i + 1}=i-${i + 1}`)
    .reverse()
    .join("&");
  const names = { InstanceIds: "InstanceId" };
  expect(read(form, ["InstanceIds[]"], { ...ec2, names })).toEqual({
    InstanceIds: Array.from({ length: 11 }, (_, i) => `i-${i + 1}`),
  });
});

describe("what servers could read differently is refused", () => {
  test.each([
    ["RoleName=a&RoleName=b", ["RoleName"], "more than once"],
    ["rolename=a", ["RoleName"], "not in the form"],
    ["Tags.1.Key=a", ["Tags[].Key"], "not in the form"],
    ["Tags.member.0.Key=a", ["Tags[].Key"], "not in the form"],
    ["Tags.member.01.Key=a", ["Tags[].Key"], "not in the form"],
    ["Tags.member.1.key=a", ["Tags[].Key"], "not in the form"],
    ["Tags.member.1.Key=a&Tags.member.3.Key=b", ["Tags[].Key"], "numbered from 1"],
    ["Tags.member.2.Key=a", ["Tags[].Key"], "numbered from 1"],
    ["A.entry.2.key=k", ["A{}"], "numbered from 1"],
    ["Tags=a", ["Tags[].Key"], "not in the form"],
    ["RoleName=%zz", ["RoleName"], "does not decode"],
    ["A.entry.1.value=v", ["A{}"], "key is missing"],
    ["A.entry.1.key=k&A.entry.1.key=l", ["A{}"], "not in the form"],
    ["A.entry.1.other=k", ["A{}"], "not in the form"],
    ["%zz=a", ["RoleName"], "does not decode"],
  ])("%s", (form, paths, why) => {
    expect(() => read(form, paths)).toThrow(why);
  });
});
