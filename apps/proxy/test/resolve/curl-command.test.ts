import { expect, test } from "vitest";
import { readCurlCommand } from "../../src/resolve/curl-command.ts";

test("a command as browsers and SDK debuggers copy it", () => {
  const command = String.raw`curl -sS 'https://dynamodb.eu-west-1.amazonaws.com/' \
  -X POST -H "X-Amz-Target: DynamoDB_20120810.GetItem" -H 'Content-Type: application/x-amz-json-1.0' \
  --data-raw $'{"TableName":"M\u0075sic\'s"}' --compressed`;
  expect(readCurlCommand(command)).toEqual({
    request: {
      httpVersion: "1.1",
      method: "POST",
      target: "/",
      host: "dynamodb.eu-west-1.amazonaws.com",
      headers: [
        ["X-Amz-Target", "DynamoDB_20120810.GetItem"],
        ["Content-Type", "application/x-amz-json-1.0"],
      ],
      body: Buffer.from(`{"TableName":"Music's"}`),
    },
  });
});

test("data makes a POST of a form, or with -G a query", () => {
  const post = readCurlCommand("curl https://iam.amazonaws.com -d Action=GetRole -d RoleName=x");
  expect(post.request).toMatchObject({
    method: "POST",
    target: "/",
    headers: [["Content-Type", "application/x-www-form-urlencoded"]],
    body: Buffer.from("Action=GetRole&RoleName=x"),
  });
  expect(readCurlCommand("curl --url https://sts.amazonaws.com -d ''").request).toMatchObject({ method: "POST" });
  const get = readCurlCommand("curl -G https://iam.amazonaws.com/ -d Action=ListRoles");
  expect(get.request).toMatchObject({ method: "GET", target: "/?Action=ListRoles", headers: [] });
});

test("--aws-sigv4 names region and service", () => {
  const { scope } = readCurlCommand("curl --aws-sigv4 aws:amz:eu-west-1:s3 https://b.s3.eu-west-1.amazonaws.com/k");
  expect(scope).toMatchObject({ region: "eu-west-1", service: "s3" });
});

test.each([
  ["wget https://x", "does not begin with curl"],
  ["curl -d x", "names no URL"],
  ["curl https://x https://y", "two URLs"],
  ["curl https://x -d @file", "reads a file"],
  ["curl https://x --frobnicate", "--frobnicate is not known"],
  ['curl "https://x', "does not end"],
  ["curl https://x -H $TOKEN", "shell expansion"],
  ["curl https://x --aws-sigv4 aws", "region and service"],
])("%s is refused: %s", (command, message) => {
  expect(() => readCurlCommand(command)).toThrow(message);
});
