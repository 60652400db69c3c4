import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { noCredentials } from "../../src/upstream/no-credentials.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "iap-profiles-"));
  mkdirSync(join(home, ".aws"));
  writeFileSync(
    join(home, ".aws", "config"),
    `[profile dev]
sso_session = corp
[profile legacy one]
sso_start_url = https://corp.awsapps.com/start
[profile chained]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = dev
[profile astray]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = gone
[profile login]
login_session = arn:aws:iam::123456789012:user/dev
[profile tool]
credential_process = broker export
[profile bare]
region = us-east-1
[profile iam-agent-proxy]
credential_process = proxy-creds
`,
  );
  writeFileSync(join(home, ".aws", "credentials"), "[keys]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const nothingFound = "Could not load credentials from any providers";

test.each([
  ["dev", "Value not present for 'clientId' in SSO Token. Cannot refresh.", "Log in: `aws sso login --profile dev`."],
  ["legacy one", "The SSO session associated with this profile has expired.", "aws sso login --profile 'legacy one'`."],
  ["chained", "Token is expired. To refresh this SSO session run 'aws sso login'", "aws sso login --profile dev`."],
  ["astray", nothingFound, "the source_profile of astray, gone, is no profile; there are dev, "],
  ["login", "Failed to load token from x.json: Error: ENOENT", "Log in: `aws login --profile login`."],
  ["tool", nothingFound, "Run it by hand to see: broker export"],
  ["tool", "the credential provider gave no answer in 15 s", "gave no answer in 15 s. Run it by hand"],
  ["bare", nothingFound, "the profile has neither keys nor a way to get any"],
  [
    "nope",
    nothingFound,
    "there is no such profile; there are dev, legacy one, chained, astray, login, tool, bare, keys.",
  ],
  ["keys", "the network is down", "the network is down. Set AWS_PROFILE"],
  [undefined, nothingFound, "no profile is named, and there are no keys in the environment"],
])("of profile %s (%s): %s", async (profile, message, advice) => {
  const text = await noCredentials(new Error(message), { profile, env: { HOME: home } });
  expect(text).toContain(advice);
  expect(text).toContain(profile === undefined ? "the SDK's default chain" : `profile ${profile}`);
  expect(text).toContain("Requests are answered 503");
});

test("where AWS's files are missing it says so", async () => {
  const text = await noCredentials(new Error(nothingFound), { profile: "dev", env: { HOME: join(home, "none") } });
  expect(text).toContain(
    "there is no such profile; there is no profile yet: `aws configure sso` or `aws configure` makes one. Set",
  );
});
