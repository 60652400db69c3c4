import type { RequestHead } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { signatureV2, stringToSignV2 } from "../src/index.ts";

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

function head(method: string, target: string, headers: RequestHead["headers"]): RequestHead {
  return { httpVersion: "1.1", method, target, headers, host: "awsexamplebucket1.s3.us-west-1.amazonaws.com" };
}

// Worked examples of "Signing and authenticating REST requests" in the S3 user guide, with the bucket that they name.
describe("the string to sign", () => {
  test("of an object has the bucket in front of the path", () => {
    const request = head("GET", "/photos/puppy.jpg", [["Date", "Tue, 27 Mar 2007 19:36:42 +0000"]]);
    expect(stringToSignV2(request, { bucket: "awsexamplebucket1" })).toBe(
      "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg",
    );
    const classic = "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/johnsmith/photos/puppy.jpg";
    expect(signatureV2(secret, classic)).toBe("bWq2s1WEIj+Ydj0vQ697zp+IXMU=");
  });

  test("has the subresource, and no other parameter", () => {
    const list = head("GET", "/?prefix=photos&max-keys=50&marker=puppy", [["Date", "D"]]);
    expect(stringToSignV2(list, { bucket: "b" })).toBe("GET\n\n\nD\n/b/");
    const acl = head("GET", "/?acl", [["Date", "D"]]);
    expect(stringToSignV2(acl, { bucket: "b" })).toBe("GET\n\n\nD\n/b/?acl");
    const parts = head("PUT", "/k?uploadId=x%2Fy&partNumber=1", [["Date", "D"]]);
    expect(stringToSignV2(parts, {})).toBe("PUT\n\n\nD\n/k?partNumber=1&uploadId=x/y");
  });

  test("has the x-amz- headers sorted, repeated ones joined, and then no date", () => {
    const upload = head("PUT", "/db-backup.dat.gz", [
      ["x-amz-meta-filename", "b"],
      ["X-Amz-Acl", "public-read"],
      ["X-Amz-Meta-FileName", "c"],
      ["content-type", "application/x-download"],
      ["Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="],
      ["x-amz-date", "Tue, 27 Mar 2007 21:20:26 +0000"],
      ["Date", "other"],
    ]);
    expect(stringToSignV2(upload, { bucket: "b" })).toBe(
      "PUT\n4gJE4saaMU4BqNR0kLY+lw==\napplication/x-download\n\nx-amz-acl:public-read\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\nx-amz-meta-filename:b,c\n/b/db-backup.dat.gz",
    );
  });

  // Only folds become blanks in this version: botocore and AWS's documents leave runs of blanks inside a value alone.
  test("has values without blanks around them, and with those inside as they are", () => {
    const request = head("PUT", "/k", [
      ["x-amz-meta-b", " b  c\td "],
      ["x-amz-meta-folded", "a \r\n  b"],
      ["Content-Type", "text/plain;  charset=utf-8 "],
      ["Date", " D "],
    ]);
    expect(stringToSignV2(request, { bucket: "b" })).toBe(
      "PUT\n\ntext/plain;  charset=utf-8\nD\nx-amz-meta-b:b  c\td\nx-amz-meta-folded:a b\n/b/k",
    );
    const long = head("PUT", "/k", [["x-amz-meta-a", `a${" ".repeat(60_000)}b${"\t".repeat(60_000)}`]]);
    expect(stringToSignV2(long, {})).toBe(`PUT\n\n\n\nx-amz-meta-a:a${" ".repeat(60_000)}b\n/k`);
    const url = head("GET", "/k?x-amz-meta-b=%20b%20%20c%20&Expires=1", []);
    expect(stringToSignV2(url, { bucket: "b", expires: "1" })).toBe("GET\n\n\n1\nx-amz-meta-b:b  c\n/b/k");
  });

  test("has the parameters that botocore signs, and those newer than this version not", () => {
    const request = head("GET", "/?encryption&select&select-type=2&response-content-type=a%2Fb&object-lock", [
      ["Date", "D"],
    ]);
    expect(stringToSignV2(request, { bucket: "b" })).toBe(
      "GET\n\n\nD\n/b/?object-lock&response-content-type=a/b&select&select-type=2",
    );
    const twice = head("GET", "/?uploadId=2&acl&uploadId=1", [["Date", "D"]]);
    expect(stringToSignV2(twice, { bucket: "b" })).toBe("GET\n\n\nD\n/b/?acl&uploadId=2&uploadId=1");
  });

  test("of a URL has its expiry, and the headers that stand in the query", () => {
    const url = head(
      "GET",
      "/k?AWSAccessKeyId=a&Expires=1175139620&Signature=s&x-amz-security-token=t%2F&content-type=x",
      [],
    );
    expect(stringToSignV2(url, { bucket: "b", expires: "1175139620" })).toBe(
      "GET\n\nx\n1175139620\nx-amz-security-token:t/\n/b/k",
    );
  });
});
