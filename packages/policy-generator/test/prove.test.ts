import { PolicyValidationError } from "@iap/iam-evaluator";
import { describe, expect, test } from "vitest";
import { prove } from "../src/prove.ts";
import { check } from "./support/recording.ts";

type Grant = Parameters<typeof prove>[1] extends Iterable<infer One> ? One : never;

const policy = (Resource: string): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:GetObject", Resource } });

const exact = (arn: string): Grant => ({
  action: "s3:GetObject",
  resource: { text: arn },
  observations: [check("s3:GetObject", { arn })],
});

const widened = (arn: string, text: string): Grant => ({
  action: "s3:GetObject",
  resource: { text, widened: "for a test" },
  observations: [check("s3:GetObject", { arn })],
});

test("a policy that allows everything it was made for is proven", () => {
  prove([policy("arn:aws:s3:::b/*")], [exact("arn:aws:s3:::b/a"), widened("arn:aws:s3:::b/日", "arn:aws:s3:::b/?")]);
});

describe("a policy that does not is an error", () => {
  test.each<[string, string, Grant]>([
    ["another resource", "arn:aws:s3:::b/b", exact("arn:aws:s3:::b/a")],
    [
      "a widened resource that is not in the policy",
      "arn:aws:s3:::b/b",
      widened("arn:aws:s3:::b/日", "arn:aws:s3:::b/?"),
    ],
    ["a widened resource that does not match what was seen", "*", widened("arn:aws:s3:::b/日日", "arn:aws:s3:::b/?")],
    ["an escaped and widened one", "arn:aws:s3:::b/b", widened("arn:aws:s3:::b/*日", `arn:aws:s3:::b/\${*}?`)],
  ])("%s", (_name, resource, grant) => {
    expect(() => prove([policy(resource)], [grant])).toThrow(
      "The generated policy does not allow what it was made for",
    );
  });
});

test("a policy that is none is an error", () => {
  expect(() => prove(["{}"], [])).toThrow(PolicyValidationError);
});
