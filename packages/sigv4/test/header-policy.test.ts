import { expect, test } from "vitest";
import { headerFate, headerName } from "../src/index.ts";

test.each([
  ["replace", ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-s3session-token"]],
  ["drop", ["proxy-connection", "proxy-authorization", "x-forwarded-for", "forwarded", "via"]],
  ["pass", ["connection", "transfer-encoding", "te", "trailer", "keep-alive", "expect", "upgrade", "user-agent"]],
  ["pass", ["x-amzn-trace-id", "cache-control", "pragma", "referer", "from", "max-forwards", "sec-ch-ua", ":path"]],
  ["sign", ["host", "content-type", "content-md5", "content-encoding", "x-amz-acl", "x-amz-", "x-amzn-query-mode"]],
  [
    "asBefore",
    ["accept", "content-length", "date", "range", "if-match", "x-amz", "x-amzn", "amz-sdk-request", "proxy"],
  ],
])("%s: %j", (fate, names) => {
  for (const name of names) expect(headerFate(name)).toBe(fate);
});

test("a header is known by its name as received, however long, and however many came before", () => {
  const long = `X-Amz-Meta-${"A".repeat(100)}`;
  for (let i = 0; i < 2000; i++) {
    expect(headerName(`X-Amz-Meta-${i}`)).toEqual({ name: `x-amz-meta-${i}`, fate: "sign" });
    expect(headerName("Via")).toEqual({ name: "via", fate: "drop" });
    expect(headerName(long)).toEqual({ name: long.toLowerCase(), fate: "sign" });
  }
});
