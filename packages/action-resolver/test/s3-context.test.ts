import { describe, expect, test } from "vitest";
import { type RequestParts, resolve } from "./support.ts";

const host = "b.s3.eu-west-1.amazonaws.com";

async function contextOf(parts: Partial<RequestParts>, action: string) {
  const { checks, marker, why } = await resolve({ host, region: "eu-west-1", ...parts });
  expect(marker, why).toBeUndefined();
  const check = checks.find((one) => one.action === action);
  if (check === undefined) throw new Error(`no check of ${action}`);
  return check;
}

describe("condition keys of S3 from the head", () => {
  test("a list's prefix, delimiter and size", async () => {
    const { context } = await contextOf(
      { target: "/?list-type=2&prefix=a%2Fb&delimiter=%2F&max-keys=7" },
      "s3:ListBucket",
    );
    expect(context).toMatchObject({ "s3:prefix": "a/b", "s3:delimiter": "/", "s3:max-keys": 7 });
  });

  test("a list without them is known to have none", async () => {
    const { context, authoritative } = await contextOf({ target: "/?list-type=2" }, "s3:ListBucket");
    expect(context).not.toHaveProperty("s3:prefix");
    expect(authoritative).toEqual(expect.arrayContaining(["s3:prefix", "s3:delimiter", "s3:max-keys"]));
  });

  test("what a PUT asks for: encryption, storage class, tags, lock, acl", async () => {
    const headers = [
      ["x-amz-server-side-encryption", "aws:kms"],
      ["x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-west-1:1:key/k"],
      ["x-amz-storage-class", "GLACIER"],
      ["x-amz-tagging", "team=a%20b&env="],
      ["x-amz-object-lock-mode", "GOVERNANCE"],
      ["x-amz-acl", "public-read"],
      ["If-None-Match", "*"],
    ] as const;
    const put = await contextOf({ method: "PUT", target: "/k", headers }, "s3:PutObject");
    expect(put.context).toMatchObject({
      "s3:x-amz-server-side-encryption": "aws:kms",
      "s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:1:key/k",
      "s3:x-amz-storage-class": "GLACIER",
      "s3:RequestObjectTag/team": "a b",
      "s3:RequestObjectTag/env": "",
      "s3:RequestObjectTagKeys": ["team", "env"],
      "s3:object-lock-mode": "GOVERNANCE",
      "s3:x-amz-acl": "public-read",
      "s3:if-none-match": "*",
      "s3:ObjectCreationOperation": true,
    });
    const acl = await contextOf({ method: "PUT", target: "/k", headers }, "s3:PutObjectAcl");
    expect(acl).toMatchObject({ context: { "s3:x-amz-acl": "public-read" }, escape: ["shares"] });
  });

  test("a version; a copy's source", async () => {
    expect((await contextOf({ target: "/k?versionId=v1" }, "s3:GetObjectVersion")).context).toMatchObject({
      "s3:versionid": "v1",
    });
    const copy = await contextOf(
      { method: "PUT", target: "/k", headers: [["x-amz-copy-source", "/src/k"]] },
      "s3:PutObject",
    );
    expect(copy.context).toMatchObject({ "s3:x-amz-copy-source": "/src/k" });
  });

  test("an access point, and how the request is signed", async () => {
    const point = await contextOf(
      {
        host: "ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
        target: "/k",
        headers: [["Authorization", "AWS4-HMAC-SHA256 Credential=x"]],
      },
      "s3:GetObject",
    );
    expect(point.context).toMatchObject({
      "s3:DataAccessPointAccount": "123456789012",
      "s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap",
      "s3:authType": "REST-HEADER",
      "s3:signatureversion": "AWS4-HMAC-SHA256",
    });
  });

  test("the versions of a batch and of a copy's source are not the request's: not known", async () => {
    const copy = { method: "PUT", target: "/k", headers: [["x-amz-copy-source", "/src/k?versionId=v"]] } as const;
    expect((await contextOf(copy, "s3:GetObjectVersion")).authoritative).not.toContain("s3:versionid");
    const body = "<Delete><Object><Key>k</Key><VersionId>v</VersionId></Object></Delete>";
    const batch = { method: "POST", target: "/?delete", body };
    expect((await contextOf(batch, "s3:DeleteObjectVersion")).authoritative).not.toContain("s3:versionid");
  });

  test("tags that do not decode are not known", async () => {
    const headers = [["x-amz-tagging", "a=%zz"]] as const;
    const { authoritative } = await contextOf({ method: "PUT", target: "/k", headers }, "s3:PutObject");
    expect(authoritative).not.toContain("s3:RequestObjectTagKeys");
  });

  test("behind an Outposts access point the keys are those of S3 on Outposts", async () => {
    const { context, authoritative } = await contextOf(
      {
        host: "ap-123456789012.op-01234567890123456.s3-outposts.eu-west-1.amazonaws.com",
        service: "s3-outposts",
        target: "/?list-type=2&prefix=a",
      },
      "s3-outposts:ListBucket",
    );
    expect(context).toMatchObject({ "s3-outposts:prefix": "a" });
    expect(authoritative.filter((key) => key.startsWith("s3:"))).toEqual([]);
  });

  test("what is not in the request is not claimed to be known", async () => {
    const { authoritative } = await contextOf({ target: "/k" }, "s3:GetObject");
    for (const key of ["s3:ExistingObjectTag/a", "s3:ResourceAccount", "s3:TlsVersion", "s3:signatureAge"])
      expect(authoritative).not.toContain(key);
  });
});

describe("condition keys of S3 from the body", () => {
  test("tags that are put", async () => {
    const body = "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>";
    const { context } = await contextOf({ method: "PUT", target: "/k?tagging", body }, "s3:PutObjectTagging");
    expect(context).toMatchObject({ "s3:RequestObjectTag/team": "a", "s3:RequestObjectTagKeys": ["team"] });
  });

  test("where a bucket is made, and its tags", async () => {
    const body =
      "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint><Tags><Tag><Key>k</Key><Value>v</Value></Tag></Tags></CreateBucketConfiguration>";
    const { context } = await contextOf({ method: "PUT", body }, "s3:CreateBucket");
    expect(context).toMatchObject({
      "s3:locationconstraint": "eu-west-1",
      "aws:RequestTag/k": "v",
      "aws:TagKeys": ["k"],
    });
  });

  test("the role of a replication is passed", async () => {
    const body = "<ReplicationConfiguration><Role>arn:aws:iam::1:role/r</Role></ReplicationConfiguration>";
    const call = await contextOf({ method: "PUT", target: "/?replication", body }, "iam:PassRole");
    expect(call).toMatchObject({
      resource: { arn: "arn:aws:iam::1:role/r" },
      context: { "iam:PassedToService": "s3.amazonaws.com" },
    });
  });

  test("a retention and a legal hold that are put", async () => {
    const lock = { method: "PUT", target: "/k?retention" };
    const body = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01</RetainUntilDate></Retention>";
    expect((await contextOf({ ...lock, body }, "s3:PutObjectRetention")).context).toMatchObject({
      "s3:object-lock-mode": "GOVERNANCE",
      "s3:object-lock-retain-until-date": "2030-01-01",
    });
    const empty = await contextOf({ ...lock, body: "" }, "s3:PutObjectRetention");
    expect(empty.authoritative).not.toContain("s3:object-lock-mode");
    const hold = { method: "PUT", target: "/k?legal-hold" };
    const on = await contextOf(
      { ...hold, body: "<LegalHold><Status>ON</Status></LegalHold>" },
      "s3:PutObjectLegalHold",
    );
    expect(on.context).toMatchObject({ "s3:object-lock-legal-hold": "ON" });
    const none = await contextOf({ ...hold, body: "" }, "s3:PutObjectLegalHold");
    expect(none.authoritative).not.toContain("s3:object-lock-legal-hold");
  });

  test("what was not read cannot be told", async () => {
    const call = await resolve({ host, region: "eu-west-1", method: "PUT", target: "/k?tagging", streaming: true });
    expect(call.marker).toBe("ambiguous");
  });

  test.each([
    ["/k?tagging", "<Tagging><TagSet/><TagSet/></Tagging>"],
    ["/k?tagging", "<Tagging><tagset/></Tagging>"],
    ["/k?tagging", "<Tagging><TagSet><Label/></TagSet></Tagging>"],
    ["/k?tagging", "<Tagging><TagSet><Tag><Key>k</Key></Tag><Tag><Key>k</Key></Tag></TagSet></Tagging>"],
    ["/k?tagging", "<Tagging><TagSet><Tag><Key><b/></Key></Tag></TagSet></Tagging>"],
    ["/?replication", "<R><Role>a</Role><Role>b</Role></R>"],
    ["/k?legal-hold", "<!DOCTYPE x><LegalHold/>"],
  ])("%s with two readings is ambiguous", async (target, body) => {
    expect((await resolve({ host, region: "eu-west-1", method: "PUT", target, body })).marker).toBe("ambiguous");
  });
});
