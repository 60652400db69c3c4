import { expect, test } from "vitest";
import { readRawRequest } from "../../src/resolve/raw-request.ts";

test("request line, headers and body, with either kind of line end", () => {
  for (const end of ["\r\n", "\n"]) {
    const text = [
      "POST /a%2Fb?x=1 HTTP/1.1",
      "Host: SQS.eu-west-1.amazonaws.com:443",
      "X-Amz-Target: AmazonSQS.SendMessage",
      "",
      '{"a":1}',
    ];
    expect(readRawRequest(Buffer.from(text.join(end)))).toEqual({
      httpVersion: "1.1",
      method: "POST",
      target: "/a%2Fb?x=1",
      host: "sqs.eu-west-1.amazonaws.com",
      headers: [
        ["Host", "SQS.eu-west-1.amazonaws.com:443"],
        ["X-Amz-Target", "AmazonSQS.SendMessage"],
      ],
      body: Buffer.from('{"a":1}'),
    });
  }
});

test("a target in absolute form, as proxies get it, names the host", () => {
  expect(readRawRequest(Buffer.from("GET https://b.s3.amazonaws.com/k HTTP/1.1\n\n"))).toMatchObject({
    host: "b.s3.amazonaws.com",
    target: "/k",
  });
});

test("the body ends where Content-Length says, whatever an editor added", () => {
  const text = "POST / HTTP/1.1\nHost: iam.amazonaws.com\nContent-Length: 16\n\nAction=ListUsers\n";
  expect(readRawRequest(Buffer.from(text)).body?.toString()).toBe("Action=ListUsers");
});

test.each([
  ["nonsense", "a raw request begins with its method and target"],
  ["GET / HTTP/1.1\nno colon\n\n", "is not a header"],
  ["GET / HTTP/1.1\nAccept: x\n\n", "no Host header"],
])("%j is refused: %s", (text, message) => {
  expect(() => readRawRequest(Buffer.from(text))).toThrow(message);
});
