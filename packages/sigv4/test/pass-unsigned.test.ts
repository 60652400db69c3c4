import type { RequestHead } from "@iap/aws-core";
import { expect, test } from "vitest";
import { passUnsigned } from "../src/index.ts";

test("a head goes on as it came, without headers of a hop, a signature or a session, and with its bearer token", () => {
  const host = "cognito-idp.us-east-1.amazonaws.com";
  const head: RequestHead = {
    httpVersion: "1.1",
    method: "POST",
    target: "/?a=b",
    host,
    headers: [
      ["Host", host],
      ["X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp"],
      ["X-Amz-Date", "20261123T123456Z"],
      ["X-Amz-Security-Token", "token"],
      ["x-amz-s3session-token", "token"],
      ["X-Forwarded-For", "10.0.0.1"],
      ["Proxy-Authorization", "Basic x"],
      ["Via", "1.1 x"],
      ["User-Agent", "x"],
      ["Authorization", "Bearer x"],
    ],
  };
  const { headers, ...rest } = passUnsigned(head);
  const { headers: _, ...same } = head;
  expect(rest).toEqual(same);
  expect(headers.map(([name]) => name)).toEqual(["Host", "X-Amz-Target", "User-Agent", "Authorization"]);
});
