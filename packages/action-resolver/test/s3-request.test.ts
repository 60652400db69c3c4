import { readFileSync } from "node:fs";
import { type Endpoint, parseEndpoint } from "@iap/aws-core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prepareModel } from "../src/model.ts";
import { resolveS3, type S3Table } from "../src/s3-request.ts";
import { s3Target } from "../src/s3-target.ts";
import type { Shard } from "../src/shard.ts";
import { resolve, scoped, short } from "./support.ts";

const virtual = "b-1.s3.us-east-1.amazonaws.com";
const bucketArn = "arn:aws:s3:::b-1";

describe("operations and actions on a bucket", () => {
  test.each([
    ["GET", "", "ListObjects", "s3:ListBucket"],
    ["GET", "list-type=2&prefix=a%2F", "ListObjectsV2", "s3:ListBucket"],
    ["HEAD", "", "HeadBucket", "s3:ListBucket"],
    ["GET", "versions", "ListObjectVersions", "s3:ListBucketVersions"],
    ["GET", "uploads", "ListMultipartUploads", "s3:ListBucketMultipartUploads"],
    ["GET", "location", "GetBucketLocation", "s3:GetBucketLocation"],
    ["GET", "acl", "GetBucketAcl", "s3:GetBucketAcl"],
    ["PUT", "acl", "PutBucketAcl", "s3:PutBucketAcl"],
    ["PUT", "policy", "PutBucketPolicy", "s3:PutBucketPolicy"],
    ["DELETE", "policy", "DeleteBucketPolicy", "s3:DeleteBucketPolicy"],
    ["DELETE", "website", "DeleteBucketWebsite", "s3:DeleteBucketWebsite"],
    ["DELETE", "cors", "DeleteBucketCors", "s3:PutBucketCORS"],
    ["DELETE", "encryption", "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"],
    ["DELETE", "lifecycle", "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"],
    ["GET", "lifecycle", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"],
    ["PUT", "notification", "PutBucketNotificationConfiguration", "s3:PutBucketNotification"],
    ["DELETE", "replication", "DeleteBucketReplication", "s3:PutReplicationConfiguration"],
    ["DELETE", "tagging", "DeleteBucketTagging", "s3:PutBucketTagging"],
    ["DELETE", "ownershipControls", "DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"],
    ["DELETE", "publicAccessBlock", "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"],
    ["GET", "publicAccessBlock", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"],
    ["GET", "object-lock", "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"],
    ["GET", "accelerate", "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"],
    ["GET", "inventory", "ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration"],
    ["GET", "inventory&id=i", "GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration"],
    ["DELETE", "analytics&id=i", "DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"],
    ["PUT", "", "CreateBucket", "s3:CreateBucket"],
    ["DELETE", "", "DeleteBucket", "s3:DeleteBucket"],
  ])("%s ?%s is %s: %s", async (method, query, operation, action) => {
    const call = await resolve({ method, host: virtual, target: query === "" ? "/" : `/?${query}` });
    expect(call).toMatchObject({ service: "s3", operations: [operation], protocol: "restXml" });
    expect(call.marker).toBeUndefined();
    expect(short(call)).toEqual([[action, bucketArn]]);
  });

  test("PutBucketReplication hands over a role", async () => {
    const call = await resolve({ method: "PUT", host: virtual, target: "/?replication" });
    expect(short(call)).toEqual(
      expect.arrayContaining([
        ["s3:PutReplicationConfiguration", bucketArn],
        ["iam:PassRole", "~*"],
      ]),
    );
    expect(call.checks.find(({ action }) => action === "iam:PassRole")?.context).toMatchObject({
      "iam:PassedToService": "s3.amazonaws.com",
    });
  });

  test("ListBuckets takes no resource", async () => {
    const call = await resolve({ host: "s3.us-east-1.amazonaws.com" });
    expect(call.operations).toEqual(["ListBuckets"]);
    expect(short(call)).toEqual([["s3:ListAllMyBuckets", "none"]]);
  });

  test("what CreateBucket asks for besides needs its own actions", async () => {
    const call = await resolve({
      method: "PUT",
      host: "s3.us-east-1.amazonaws.com",
      target: "/b-1",
      headers: [
        ["x-amz-acl", "public-read"],
        ["x-amz-bucket-object-lock-enabled", "true"],
        ["x-amz-object-ownership", "ObjectWriter"],
      ],
    });
    expect(short(call).map(([action]) => action)).toEqual([
      "s3:CreateBucket",
      "s3:PutBucketAcl",
      "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketVersioning",
      "s3:PutBucketOwnershipControls",
    ]);
  });
});

describe("operations and actions on an object", () => {
  const object = `${bucketArn}/k`;
  test.each([
    ["GET", "", "GetObject", ["s3:GetObject"]],
    ["GET", "partNumber=1&response-content-type=text%2Fplain", "GetObject", ["s3:GetObject"]],
    ["GET", "versionId=v", "GetObject", ["s3:GetObjectVersion"]],
    ["HEAD", "", "HeadObject", ["s3:GetObject"]],
    ["HEAD", "versionId=null", "HeadObject", ["s3:GetObjectVersion"]],
    ["PUT", "", "PutObject", ["s3:PutObject"]],
    ["DELETE", "", "DeleteObject", ["s3:DeleteObject"]],
    ["DELETE", "versionId=v", "DeleteObject", ["s3:DeleteObjectVersion"]],
    ["GET", "acl", "GetObjectAcl", ["s3:GetObjectAcl"]],
    ["GET", "acl&versionId=v", "GetObjectAcl", ["s3:GetObjectVersionAcl"]],
    ["PUT", "acl&versionId=v", "PutObjectAcl", ["s3:PutObjectVersionAcl"]],
    ["GET", "tagging", "GetObjectTagging", ["s3:GetObjectTagging"]],
    ["PUT", "tagging&versionId=v", "PutObjectTagging", ["s3:PutObjectVersionTagging"]],
    ["DELETE", "tagging&versionId=v", "DeleteObjectTagging", ["s3:DeleteObjectVersionTagging"]],
    ["GET", "torrent", "GetObjectTorrent", ["s3:GetObject"]],
    ["POST", "uploads", "CreateMultipartUpload", ["s3:PutObject"]],
    ["PUT", "partNumber=1&uploadId=u", "UploadPart", ["s3:PutObject"]],
    ["POST", "uploadId=u", "CompleteMultipartUpload", ["s3:PutObject"]],
    ["DELETE", "uploadId=u", "AbortMultipartUpload", ["s3:AbortMultipartUpload"]],
    ["GET", "uploadId=u", "ListParts", ["s3:ListMultipartUploadParts"]],
    ["POST", "select&select-type=2", "SelectObjectContent", ["s3:GetObject"]],
    ["POST", "restore", "RestoreObject", ["s3:RestoreObject"]],
    ["PUT", "legal-hold", "PutObjectLegalHold", ["s3:PutObjectLegalHold"]],
    ["GET", "legal-hold&versionId=v", "GetObjectLegalHold", ["s3:GetObjectLegalHold"]],
    ["PUT", "retention", "PutObjectRetention", ["s3:PutObjectRetention"]],
    ["GET", "x-id=GetObject&X-Amz-Signature=0&x-custom=log", "GetObject", ["s3:GetObject"]],
  ])("%s ?%s is %s: %s", async (method, query, operation, actions) => {
    const call = await resolve({ method, host: virtual, target: query === "" ? "/k" : `/k?${query}` });
    expect(call.operations).toEqual([operation]);
    expect(call.marker).toBeUndefined();
    expect(short(call)).toEqual(actions.map((action) => [action, object]));
  });

  test("GetObjectAttributes needs the object and its attributes", async () => {
    const get = (query: string) =>
      resolve({ host: virtual, target: `/k?attributes${query}`, headers: [["x-amz-object-attributes", "ETag"]] });
    expect(short(await get("")).map(([action]) => action)).toEqual(["s3:GetObject", "s3:GetObjectAttributes"]);
    expect(short(await get("&versionId=v")).map(([action]) => action)).toEqual([
      "s3:GetObjectVersion",
      "s3:GetObjectVersionAttributes",
    ]);
  });

  test.each([
    ["x-amz-acl", "private", "s3:PutObjectAcl"],
    ["x-amz-grant-full-control", 'id="x"', "s3:PutObjectAcl"],
    ["X-Amz-Tagging", "a=b", "s3:PutObjectTagging"],
    ["x-amz-tagging", "false", "s3:PutObjectTagging"],
    ["x-amz-object-lock-mode", "GOVERNANCE", "s3:PutObjectRetention"],
    ["x-amz-object-lock-retain-until-date", "2030-01-01", "s3:PutObjectRetention"],
    ["x-amz-object-lock-legal-hold", "ON", "s3:PutObjectLegalHold"],
  ])("PutObject with %s: %s needs %s too, in a header or in a presigned URL", async (name, value, action) => {
    const expected = [
      ["s3:PutObject", object],
      [action, object],
    ];
    expect(short(await resolve({ method: "PUT", host: virtual, target: "/k", headers: [[name, value]] }))).toEqual(
      expected,
    );
    const query = `${name}=${encodeURIComponent(value)}`;
    expect(short(await resolve({ method: "PUT", host: virtual, target: `/k?${query}` }))).toEqual(expected);
  });

  test("bypassing governance needs its action, unless it is switched off", async () => {
    const remove = (value: string) =>
      resolve({
        method: "DELETE",
        host: virtual,
        target: "/k",
        headers: [["x-amz-bypass-governance-retention", value]],
      });
    expect(short(await remove("true")).map(([action]) => action)).toEqual([
      "s3:DeleteObject",
      "s3:BypassGovernanceRetention",
    ]);
    expect(short(await remove("false")).map(([action]) => action)).toEqual(["s3:DeleteObject"]);
  });
});

describe("copies", () => {
  const copy = (source: string, target = "/k") =>
    resolve({ method: "PUT", host: virtual, target, headers: [["x-amz-copy-source", source]] });

  test.each([
    ["src/a/b", [["s3:GetObject", "arn:aws:s3:::src/a/b"]]],
    ["/src/a%20b", [["s3:GetObject", "arn:aws:s3:::src/a b"]]],
    ["src/k?versionId=v1", [["s3:GetObjectVersion", "arn:aws:s3:::src/k"]]],
    ["src%2Fk%3FversionId", [["s3:GetObject", "arn:aws:s3:::src/k?versionId"]]],
    [
      "src/a+b",
      [
        ["s3:GetObject", "arn:aws:s3:::src/a+b"],
        ["s3:GetObject", "arn:aws:s3:::src/a b"],
      ],
    ],
    [
      "arn:aws:s3:us-west-2:123456789012:accesspoint/p/object/a/b",
      [["s3:GetObject", "arn:aws:s3:us-west-2:123456789012:accesspoint/p/object/a/b"]],
    ],
    [
      "arn%3Aaws%3As3-outposts%3Aus-west-2%3A123456789012%3Aoutpost%2Fop-1%2Faccesspoint%2Fp%2Fobject%2Fk",
      [["s3-outposts:GetObject", "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/p/object/k"]],
    ],
  ])("CopyObject from %s reads %j", async (source, reads) => {
    const call = await copy(source);
    expect(call.operations).toEqual(["CopyObject"]);
    expect(short(call)).toEqual([["s3:PutObject", `${bucketArn}/k`], ...reads]);
  });

  test("UploadPartCopy reads its source too", async () => {
    const call = await copy("src/k", "/k?partNumber=1&uploadId=u");
    expect(call.operations).toEqual(["UploadPartCopy"]);
    expect(short(call)[1]).toEqual(["s3:GetObject", "arn:aws:s3:::src/k"]);
  });

  test.each([
    "src",
    "src/",
    "/",
    "",
    "src/%zz",
    "src/k?acl",
    "src/k?versionId=a&x",
    "src/k?versionId=",
    "arn:aws:s3:::src/k",
    "-/k",
  ])("a source of %j cannot be told", async (source) => {
    expect(await copy(source)).toMatchObject({ marker: "ambiguous", operations: ["CopyObject"], checks: [] });
  });

  test("one source twice is one", async () => {
    const headers = [
      ["x-amz-copy-source", "src/k"],
      ["X-Amz-Copy-Source", "src/k"],
    ] as const;
    const call = await resolve({ method: "PUT", host: virtual, target: "/k", headers });
    expect(short(call)[1]).toEqual(["s3:GetObject", "arn:aws:s3:::src/k"]);
  });

  test("two sources are ambiguous", async () => {
    const call = await resolve({
      method: "PUT",
      host: virtual,
      target: "/k",
      headers: [
        ["x-amz-copy-source", "a/k"],
        ["X-Amz-Copy-Source", "b/k"],
      ],
    });
    expect(call.marker).toBe("ambiguous");
  });
});

describe("DeleteObjects", () => {
  const remove = (body: string, headers: readonly (readonly [string, string])[] = []) =>
    resolve({ method: "POST", host: virtual, target: "/?delete", headers, body });

  test("each key is a check of its own", async () => {
    const call = await remove(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        "<Object><Key>a&amp;b*</Key></Object> <Object><Key>c</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>",
    );
    expect(call.operations).toEqual(["DeleteObjects"]);
    expect(short(call)).toEqual([
      ["s3:DeleteObject", `${bucketArn}/a&b*`],
      ["s3:DeleteObjectVersion", `${bucketArn}/c`],
    ]);
  });

  test("bypassing governance is checked for each key", async () => {
    const call = await remove("<Delete><Object><Key>a</Key></Object></Delete>", [
      ["x-amz-bypass-governance-retention", "true"],
    ]);
    expect(short(call).map(([action]) => action)).toEqual(["s3:DeleteObject", "s3:BypassGovernanceRetention"]);
  });

  test.each([
    ["no keys", "<Delete></Delete>"],
    ["an empty key", "<Delete><Object><Key></Key></Object></Delete>"],
    ["a key twice in an object", "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>"],
    ["an unknown member", "<Delete><Object><Key>a</Key><Other/></Object></Delete>"],
    ["another element", "<Delete><Item/></Delete>"],
    ["another root", "<Remove><Object><Key>a</Key></Object></Remove>"],
    ["a document type", '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'],
    ["an element in a key", "<Delete><Object><Key>a<b/></Key></Object></Delete>"],
    ["no XML", "Delete"],
    ["too many keys", `<Delete>${"<Object><Key>a</Key></Object>".repeat(1001)}</Delete>`],
  ])("%s: ambiguous", async (_, body) => {
    expect(await remove(body)).toMatchObject({ marker: "ambiguous", operations: ["DeleteObjects"], checks: [] });
  });

  test("an encoded or unread body is ambiguous", async () => {
    const body = "<Delete><Object><Key>a</Key></Object></Delete>";
    expect((await remove(body, [["Content-Encoding", "gzip"]])).marker).toBe("ambiguous");
    const unread = await resolve({ method: "POST", host: virtual, target: "/?delete", streaming: true });
    expect(unread.marker).toBe("ambiguous");
  });
});

describe("host forms", () => {
  test.each([
    ["s3.us-east-1.amazonaws.com", "/b-1/k", "s3", "s3:GetObject", `${bucketArn}/k`],
    ["b-1.s3.us-east-1.amazonaws.com", "/k", "s3", "s3:GetObject", `${bucketArn}/k`],
    ["b.1.s3-fips.dualstack.us-east-1.amazonaws.com", "/k", "s3", "s3:GetObject", "arn:aws:s3:::b.1/k"],
    ["b-1.s3-accelerate.amazonaws.com", "/k", "s3", "s3:GetObject", `${bucketArn}/k`],
    ["b-1.s3.cn-north-1.amazonaws.com.cn", "/k", "s3", "s3:GetObject", "arn:aws-cn:s3:::b-1/k"],
    [
      "p-123456789012.s3-accesspoint.us-east-1.amazonaws.com",
      "/a/k",
      "s3",
      "s3:GetObject",
      "arn:aws:s3:us-east-1:123456789012:accesspoint/p/object/a/k",
    ],
    [
      "x.mrap.accesspoint.s3-global.amazonaws.com",
      "/k",
      "s3",
      "s3:GetObject",
      "~arn:aws:s3::*:accesspoint/x.mrap/object/k",
    ],
    [
      "p-123456789012.s3-object-lambda.us-east-1.amazonaws.com",
      "/k",
      "s3-object-lambda",
      "s3-object-lambda:GetObject",
      "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/p",
    ],
    [
      "p-123456789012.op-01.s3-outposts.us-east-1.amazonaws.com",
      "/k",
      "s3-outposts",
      "s3-outposts:GetObject",
      "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01/accesspoint/p/object/k",
    ],
    [
      "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
      "/k",
      "s3express",
      "s3express:CreateSession",
      "~arn:aws:s3express:us-east-1:*:bucket/b--use1-az4--x-s3",
    ],
    [
      "alias-abc-s3alias.s3.us-east-1.amazonaws.com",
      "/k",
      "s3",
      "s3:GetObject",
      "~arn:aws:s3:*:*:accesspoint/*/object/k",
    ],
  ])("%s%s: %s %s on %s", async (host, target, prefix, action, resource) => {
    const call = await resolve({ host, target, region: "us-east-1" });
    expect(call).toMatchObject({ service: prefix, operations: ["GetObject"] });
    expect(short(call)).toEqual([[action, resource]]);
  });

  test("a session at a host that is not zonal is made under the prefix of directory buckets", async () => {
    const call = await resolve({ host: virtual, target: "/?session" });
    expect(short(call)).toEqual([["s3express:CreateSession", bucketArn]]);
  });

  test("an access point of a directory bucket", async () => {
    const host = "p--use1-az4--xa-s3.s3express-use1-az4.us-east-1.amazonaws.com";
    expect(short(await resolve({ host, target: "/k" }, "123456789012"))).toEqual([
      ["s3express:CreateSession", "arn:aws:s3express:us-east-1:123456789012:accesspoint/p--use1-az4--xa-s3"],
    ]);
  });

  test.each(["x--ol-s3", "x--op-s3"])("the alias %s stands for what is not known", async (alias) => {
    expect(short(await resolve({ host: "s3.us-east-1.amazonaws.com", target: `/${alias}/k` }))).toEqual([
      ["s3:GetObject", "~*"],
    ]);
    expect(short(await resolve({ host: "s3.us-east-1.amazonaws.com", target: `/${alias}` }))).toEqual([
      ["s3:ListBucket", "~*"],
    ]);
  });

  test("where the access point is not in the host, it is any", async () => {
    const host = "io-route.s3-object-lambda.us-east-1.amazonaws.com";
    expect(short(await resolve({ host, target: "/b-1" }))).toEqual([["s3-object-lambda:ListBucket", "~*"]]);
    expect(short(await resolve({ host, target: "/b-1/k" }))).toEqual([["s3-object-lambda:GetObject", "~*"]]);
    const alias = "x.op-1.s3-outposts.us-east-1.amazonaws.com";
    expect(short(await resolve({ host: alias, target: "/k" }))).toEqual([["s3-outposts:GetObject", "~*"]]);
  });

  test("a sub-resource that no operation has is named", async () => {
    const call = await resolve({ method: "POST", host: virtual, target: "/k?acl" });
    expect(call).toMatchObject({ marker: "unknown", why: "no S3 operation is POST on object with ?acl" });
  });

  test("the control host has no objects", async () => {
    const endpoint = parseEndpoint("123456789012.s3-control.us-east-1.amazonaws.com") as Endpoint;
    expect(s3Target(endpoint, "b-1", undefined)).toBe("the host is not one of S3's object API");
    const shard = JSON.parse(readFileSync(new URL("../data/s3.json", import.meta.url), "utf8")) as Shard;
    const model = prepareModel(shard);
    const { request, scope } = scoped({ host: virtual, target: "/b-1/k" });
    const parts = { path: "/b-1/k", query: [], account: undefined };
    expect(resolveS3(model, model.s3 as S3Table, { request, scope, endpoint }, parts)).toMatchObject({
      marker: "ambiguous",
      checks: [],
    });
  });

  test.each([
    ["lambda.us-east-1.amazonaws.com", "/k"],
    ["s3.us-east-1.amazonaws.com", "k"],
  ])("%s%s is nothing of S3's", async (host, target) => {
    expect(await resolve({ host, target, service: "s3" })).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test("with the account known, a directory bucket is exact", async () => {
    const call = await resolve(
      { host: "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", target: "/?session" },
      "123456789012",
    );
    expect(call.operations).toEqual(["CreateSession"]);
    expect(short(call)).toEqual([
      ["s3express:CreateSession", "arn:aws:s3express:us-east-1:123456789012:bucket/b--use1-az4--x-s3"],
    ]);
  });

  test("directory buckets are listed and made at their control host", async () => {
    const host = "s3express-control.us-east-1.amazonaws.com";
    const list = await resolve({ host });
    expect(list.operations).toEqual(["ListDirectoryBuckets"]);
    expect(short(list)).toEqual([["s3express:ListAllMyDirectoryBuckets", "none"]]);
    const create = await resolve({ method: "PUT", host, target: "/b--use1-az4--x-s3" }, "123456789012");
    expect(short(create)).toEqual([
      ["s3express:CreateBucket", "arn:aws:s3express:us-east-1:123456789012:bucket/b--use1-az4--x-s3"],
    ]);
  });

  test("S3 Control acts under the prefix it is signed for", async () => {
    const s3 = await resolve({
      host: "123456789012.s3-control.us-east-1.amazonaws.com",
      target: "/v20180820/accesspoint/p",
      headers: [["x-amz-account-id", "123456789012"]],
    });
    expect(s3).toMatchObject({ operations: ["GetAccessPoint"], account: "123456789012" });
    expect(short(s3).map(([action]) => action)).toEqual(["s3:GetAccessPoint"]);
    const outposts = await resolve({ host: "s3-outposts.us-east-1.amazonaws.com", target: "/v20180820/accesspoint/p" });
    expect(short(outposts).map(([action]) => action)).toEqual(["s3-outposts:GetAccessPoint"]);
  });

  test("WriteGetObjectResponse goes to a route", async () => {
    const call = await resolve({
      method: "POST",
      host: "io-route.s3-object-lambda.us-east-1.amazonaws.com",
      target: "/WriteGetObjectResponse",
      headers: [
        ["x-amz-request-route", "r"],
        ["x-amz-request-token", "t"],
      ],
    });
    expect(call.operations).toEqual(["WriteGetObjectResponse"]);
    expect(short(call)).toEqual([["s3-object-lambda:WriteGetObjectResponse", "~*"]]);
  });
});

describe("what cannot be told", () => {
  test.each([
    ["two sub-resources", "GET", "/k?acl&tagging"],
    ["a sub-resource and an upload", "GET", "/k?acl&uploadId=u"],
    ["x-id that contradicts", "PUT", "/k?x-id=DeleteObject"],
    ["a key that does not decode", "GET", "/%zz"],
    ["a key that is not UTF-8", "GET", "/%ff"],
    ["a query key twice", "GET", "/k?versionId=a&versionId=b"],
    ["a query that does not decode", "GET", "/k?%zz"],
    ["an ACL in the query twice, in two spellings", "PUT", "/k?x-amz-acl=private&X-Amz-Acl=public-read"],
  ])("%s is ambiguous", async (_, method, target) => {
    expect(await resolve({ method, host: virtual, target })).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test.each([
    [
      [
        ["x-amz-acl", "private"],
        ["X-Amz-Acl", "public-read"],
      ],
      "/k",
    ],
    [[["x-amz-acl", "private"]], "/k?x-amz-acl=public-read"],
    [
      [
        ["x-amz-tagging", "a=1"],
        ["x-amz-tagging", "b=2"],
      ],
      "/k",
    ],
    [[["x-amz-tagging", "a=1&a=2"]], "/k"],
    [
      [
        ["x-amz-server-side-encryption", "AES256"],
        ["x-amz-server-side-encryption", "aws:kms"],
      ],
      "/k",
    ],
    [
      [
        ["x-amz-bypass-governance-retention", "false"],
        ["x-amz-bypass-governance-retention", "true"],
      ],
      "/k?retention",
    ],
  ] as const)("settings that contradict each other are ambiguous: %j %s", async (headers, target) => {
    const call = await resolve({ method: "PUT", host: virtual, target, headers });
    expect(call).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test("a setting in the query is none where the header signs: S3 reads it in presigned URLs alone", async () => {
    const put = (target: string) =>
      resolve({ method: "PUT", host: virtual, target, headers: [["Authorization", "AWS4-HMAC-SHA256 Credential=x"]] });
    expect(await put("/k?X-Amz-Server-Side-Encryption=aws:kms")).toMatchObject({ marker: "ambiguous", checks: [] });
    expect((await put("/k?x-id=PutObject")).marker).toBeUndefined();
  });

  test("a setting in header and query alike is one", async () => {
    const headers = [["x-amz-acl", "private"]] as const;
    const call = await resolve({ method: "PUT", host: virtual, target: "/k?x-amz-acl=private", headers });
    expect(short(call)).toEqual([
      ["s3:PutObject", "arn:aws:s3:::b-1/k"],
      ["s3:PutObjectAcl", "arn:aws:s3:::b-1/k"],
    ]);
  });

  test.each(["//k", "/b%2Fk/x", "/-/k", "/b%zz/k", "/arn:aws:s3:::b/k"])(
    "a path of %s holds no bucket",
    async (target) => {
      expect((await resolve({ host: "s3.us-east-1.amazonaws.com", target })).marker).toBe("ambiguous");
    },
  );

  test.each([
    ["GET", "/?newThing"],
    ["GET", "/k?newThing=1"],
    ["PUT", "/k?policy"],
    ["PUT", "/k?partNumber=1"],
    ["GET", "/?list-type=3"],
    ["POST", "/"],
    ["OPTIONS", "/k"],
    ["PATCH", "/k"],
  ])("%s %s is unknown: the table does not say what it does", async (method, target) => {
    expect(await resolve({ method, host: virtual, target })).toMatchObject({ marker: "unknown", checks: [] });
  });
});

describe("laws", () => {
  const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });

  test("a key is the same text in every form of host, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(key, async (text) => {
        const encoded = encodeURIComponent(text);
        const arns = [];
        for (const [host, target] of [
          ["s3.us-east-1.amazonaws.com", `/b-1/${encoded}`],
          ["b-1.s3.us-east-1.amazonaws.com", `/${encoded}`],
          ["b-1.s3.dualstack.us-east-1.amazonaws.com", `/${encoded}`],
        ] as const) {
          arns.push(short(await resolve({ host, target }))[0]?.[1]);
        }
        expect(arns).toEqual(Array(3).fill(`${bucketArn}/${text}`));
      }),
      { numRuns: 200 },
    );
  });

  test("every key that DeleteObjects names is checked, and nothing else", async () => {
    const referenced = (text: string) => [...text].map((char) => `&#${char.codePointAt(0)};`).join("");
    const legal = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(legal, { minLength: 1, maxLength: 20 }), async (keys) => {
        const body = `<Delete>${keys.map((text) => `<Object><Key>${referenced(text)}</Key></Object>`).join("")}</Delete>`;
        const call = await resolve({ method: "POST", host: virtual, target: "/?delete", body });
        expect(short(call)).toEqual(keys.map((text) => ["s3:DeleteObject", `${bucketArn}/${text}`]));
      }),
      { numRuns: 100 },
    );
  });
});
