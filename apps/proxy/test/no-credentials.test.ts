import { expect, test } from "vitest";
import { noCredentials } from "../src/no-credentials.ts";

test.each([
  ["The SSO session associated with this profile has expired.", "dev", "Log in: aws sso login --profile dev."],
  ["Token is expired. To refresh this SSO session run 'aws sso login'", undefined, "Log in: aws sso login."],
  [
    "Could not resolve credentials using profile: [nope] in configuration/credentials file(s).",
    "nope",
    "list-profiles",
  ],
  ["Could not load credentials from any providers", "dev", "aws sts get-caller-identity --profile dev."],
  ["the credential provider gave no answer in 15 s", "dev", "Does its credential_process ask for something, or hang?"],
  ["the credential provider gave credentials that expired at 2026-01-01T00:00:00.000Z", "dev", "Get new ones"],
])("%s (%s): %s", (message, profile, advice) => {
  const text = noCredentials(new Error(message), profile);
  expect(text).toContain(advice);
  expect(text).toContain(profile === undefined ? "the SDK's default chain" : `profile ${profile}`);
  expect(text).toContain("Requests are answered 503");
});
