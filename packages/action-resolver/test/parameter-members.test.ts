import { describe, expect, test } from "vitest";
import { present } from "../src/member-value.ts";
import { parameterMembers, parameterNamed } from "../src/parameter-members.ts";
import { pathOf } from "../src/scope.ts";
import { newWanted, type Wanted, want } from "../src/wanted.ts";
import { resolver } from "./support.ts";

function wanted(...paths: readonly string[]): Wanted {
  const root = newWanted();
  for (const path of paths) want(root, pathOf(path).steps);
  return root;
}

describe("parameters are read like the members of a request", () => {
  test.each<[string, unknown, readonly string[], unknown]>([
    ["in any letter case", { dBInstanceIdentifier: "db" }, ["DBInstanceIdentifier"], { DBInstanceIdentifier: "db" }],
    ["of lists", { tags: [{ key: "a" }, { key: "b" }] }, ["Tags[].Key"], { Tags: [{ Key: "a" }, { Key: "b" }] }],
    [
      "of EC2's lists of ids",
      { instancesSet: { items: [{ instanceId: "i" }] } },
      ["InstanceIds[]"],
      { InstanceIds: ["i"] },
    ],
    ["of EC2's lists", { tagSet: { items: [{ key: "a" }] } }, ["Tags[].Key"], { Tags: [{ Key: "a" }] }],
    [
      "of EC2's security groups",
      { groupSet: { items: [{ groupId: "sg" }] } },
      ["SecurityGroupIds[]"],
      { SecurityGroupIds: ["sg"] },
    ],
    ["of what RunInstances starts", { instancesSet: { items: [{ imageId: "ami" }] } }, ["ImageId"], { ImageId: "ami" }],
    ["of maps by key", { requestItems: { t: [{}] } }, ["RequestItems{key}"], { RequestItems: { t: "there" } }],
    [
      "but not when AWS hides them",
      { name: "HIDDEN_DUE_TO_SECURITY_REASONS", queryString: "***" },
      ["Name", "QueryString"],
      {},
    ],
    ["nor when there are none", null, ["Name"], {}],
    [
      "of EC2's security groups with more than ids",
      { groupSet: { items: [{ groupId: "sg", groupName: "g" }] } },
      ["SecurityGroups[].GroupId"],
      { SecurityGroups: [{ GroupId: "sg" }] },
    ],
    ["of lists of one", { names: "a" }, ["Names[]"], { Names: ["a"] }],
    ["of EC2's lists in a map", { m: { x: { items: ["a"] } } }, ["M{}[]"], { M: { x: ["a"] } }],
    ["of structures in a list of texts", { l: [{ a: 1, b: 2 }, { c: "x" }] }, ["L[]"], { L: ["there", "x"] }],
    ["of what is there, whatever is in it", { a: { b: 1 } }, ["A"], { A: "there" }],
    ["but not of another kind", { a: "x" }, ["A.B"], {}],
    ["of maps by value", { m: { x: { t: "t" }, y: null } }, ["M{}.T"], { M: { x: { T: "t" }, y: "there" } }],
  ])("%s", (_how, parameters, paths, members) => {
    expect(plain(parameterMembers(parameters, wanted(...paths)))).toEqual(members);
  });

  test("by the names of a path", () => {
    expect(parameterNamed({ restApiId: "abc" }, "restapi_id")).toBe("abc");
    expect(parameterNamed({ restApiId: { a: 1 } }, "restapi_id")).toBeUndefined();
    expect(parameterNamed(null, "restapi_id")).toBeUndefined();
  });
});

describe("a call by its parameters needs", () => {
  const ask = async (service: string, operation: string, parameters: unknown): Promise<unknown> => {
    await resolver.load(service);
    const call = { parameters, partition: "aws", region: "eu-west-1", account: "123456789012" };
    const found = resolver.resolveParameters(service, operation, call);
    return found?.checks.map(({ action, resource, context }) => [action, Object.values(resource)[0], context]);
  };

  test("in China what it does there", async () => {
    await resolver.load("s3");
    const parameters = { bucketName: "acme" };
    const call = { parameters, partition: "aws-cn", region: "cn-north-1", account: "123456789012" };
    const found = resolver.resolveParameters("s3", "ListObjectsV2", call);
    expect(found?.checks[0]?.resource).toEqual({ arn: "arn:aws-cn:s3:::acme" });
  });

  test("what the same call by its bytes does", async () => {
    expect(await ask("s3", "ListObjectsV2", { bucketName: "acme", prefix: "a/" })).toEqual([
      ["s3:ListBucket", "arn:aws:s3:::acme", { "aws:RequestedRegion": "eu-west-1", "s3:prefix": "a/" }],
    ]);
    expect(
      await ask("s3", "PutObjectAcl", { bucketName: "acme", key: "a b", "X-Amz-Acl": "private", other: {} }),
    ).toEqual([
      ["s3:PutObjectAcl", "arn:aws:s3:::acme/a b", { "aws:RequestedRegion": "eu-west-1", "s3:x-amz-acl": "private" }],
    ]);
    expect(await ask("apigateway", "GetRestApi", { restApiId: "a" })).toEqual([
      ["apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis/a", {}],
    ]);
    expect(await ask("sts", "GetCallerIdentity", {})).toEqual([]);
    expect(await ask("iam", "DeletePolicy", { policyArn: "arn:aws:iam::123456789012:policy/p" })).toEqual([
      ["iam:DeletePolicy", "arn:aws:iam::123456789012:policy/p", {}],
    ]);
  });

  test.each<[string, string, object, string[]]>([
    [
      "secretsmanager",
      "GetSecretValue",
      { SecretId: "*" },
      ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:?-??????"],
    ],
    ["iam", "GetRole", { RoleName: "*" }, ["arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/*/?"]],
    ["cloudformation", "DeleteStack", { StackName: "*" }, ["arn:aws:cloudformation:eu-west-1:123456789012:stack/?/*"]],
  ])("no wildcard of its own making: %s %s", async (service, operation, parameters, resources) => {
    const told = (await ask(service, operation, parameters)) as readonly (readonly unknown[])[];
    expect(told.map(([, resource]) => resource)).toEqual(expect.arrayContaining(resources));
    expect(told).toHaveLength(resources.length);
  });

  test.each<[string, string, unknown]>([
    ["s3", "GetObject", { bucketName: "arn:aws:s3:eu-west-1:1:accesspoint/p", key: "k" }],
    ["s3", "DeleteObjects", { bucketName: "acme" }],
    ["s3", "GetObject", { bucketName: "acme" }],
    ["s3", "GetObject", null],
    ["s3", "GetBucketLifecycle", { bucketName: "acme" }],
    ["s3", "PutObject", { bucketName: "acme", key: "k", "x-amz-copy-source": "b/k" }],
    ["iam", "NoSuchOperation", {}],
    ["iam", "DeleteUser", { userName: ["a"] }],
    ["apigateway", "GetRestApi", {}],
    ["a-service-of-none", "DoIt", {}],
  ])("nothing that can be told: %s %s %j", async (service, operation, parameters) => {
    expect(await ask(service, operation, parameters)).toBeUndefined();
  });
});

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  return Array.isArray(value) ? value.map(plain) : value === present ? "there" : value;
}
