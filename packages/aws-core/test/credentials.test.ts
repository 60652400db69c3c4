import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Credentials } from "../src/index.ts";

const credentials = new Credentials({
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "hidden-secret",
  sessionToken: "hidden-token",
  expiration: new Date("2026-01-01T00:00:00Z"),
  accountId: "123456789012",
});

test("credentials give what they were made of", () => {
  expect(credentials.accessKeyId).toBe("AKIDEXAMPLE");
  expect(credentials.secretAccessKey).toBe("hidden-secret");
  expect(credentials.sessionToken).toBe("hidden-token");
  expect(credentials.expiration).toEqual(new Date("2026-01-01T00:00:00Z"));
  expect(credentials.accountId).toBe("123456789012");
});

test.each([
  ["JSON", JSON.stringify({ credentials })],
  ["a template", `${credentials}`],
  ["inspect", inspect({ credentials }, { depth: 9, showHidden: true })],
  ["a spread", JSON.stringify({ ...credentials })],
])("credentials printed by %s show the access key id and nothing else", (_, text) => {
  expect(text).toContain("AKIDEXAMPLE");
  expect(text).not.toMatch(/hidden|123456789012|2026/);
});
