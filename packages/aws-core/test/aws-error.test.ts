import { expect, test } from "vitest";
import { AwsError } from "../src/index.ts";

test("an AwsError carries its code, its message, its details and what caused it", () => {
  const cause = new Error("inner");
  const error = new AwsError("ExpiredToken", "The token has expired.", { cause, details: { Token: "short" } });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "AwsError", code: "ExpiredToken", message: "The token has expired.", cause });
  expect(error.details).toEqual({ Token: "short" });
});

test("an AwsError without options has no details and no cause", () => {
  const error = new AwsError("AccessDenied", "No.");
  expect(error.details).toEqual({});
  expect("cause" in error).toBe(false);
});
