import { Credentials } from "@iap/aws-core";
import { expect, test } from "vitest";
import { gitPassword, SigningKeys, signGitRequest } from "../src/index.ts";

const credentials = new Credentials({
  accessKeyId: "ASIAQEXAMPLEKEYIDAAA",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "session-token",
});
const repository = { host: "git-codecommit.us-east-1.amazonaws.com", path: "/v1/repos/app", region: "us-east-1" };
const now = new Date("2026-11-23T12:34:56.789Z");

test("the user name is access key id and token, the password time and signature", () => {
  expect(gitPassword(repository, { credentials, now })).toEqual({
    username: "ASIAQEXAMPLEKEYIDAAA%session-token",
    // Made by botocore's SigV4Auth in the way of `aws codecommit credential-helper`.
    password: "20261123T123456Z2475e8894674cc6be684bafa2e63b045ebc034ed2a057efaff59e10fb270682a",
  });
  const { accessKeyId, secretAccessKey } = credentials;
  const longTerm = new Credentials({ accessKeyId, secretAccessKey });
  expect(gitPassword(repository, { credentials: longTerm, now }).username).toBe(accessKeyId);
});

test("keys derived before give the same", () => {
  const signingKeys = new SigningKeys();
  const once = gitPassword(repository, { credentials, now, signingKeys });
  expect(gitPassword(repository, { credentials, now, signingKeys })).toEqual(once);
  expect(gitPassword(repository, { credentials, now })).toEqual(once);
});

test("a request of git's gets the password in place of what it came with, and loses what is not for AWS", () => {
  const { host, path } = repository;
  const signed = signGitRequest(
    {
      httpVersion: "1.1",
      method: "GET",
      target: `${path}/info/refs?service=git-upload-pack`,
      host,
      headers: [
        ["Host", host],
        ["authorization", "Basic eDp5"],
        ["X-Forwarded-For", "10.0.0.1"],
        ["Git-Protocol", "version=2"],
      ],
    },
    repository,
    { credentials, now },
  );
  const { username, password } = gitPassword(repository, { credentials, now });
  expect(signed.headers).toEqual([
    ["Host", host],
    ["Git-Protocol", "version=2"],
    ["Authorization", `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`],
  ]);
});
