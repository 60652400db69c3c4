import { expect, test } from "vitest";
import { readSettings } from "../../src/options.ts";
import { type StartFacts, startScreen } from "../../src/terminal/start-screen.ts";

function screen(more: Partial<StartFacts> = {}): string {
  return startScreen({
    version: "1.2.3",
    settings: readSettings({}, { HOME: "/home/u" }),
    port: 8080,
    caPath: "/home/u/.iam-agent-proxy/ca.pem",
    activityFile: "/home/u/.iam-agent-proxy/activity.jsonl",
    policyVersion: undefined,
    identity: "arn:aws:iam::123456789012:user/dev (profile dev)",
    caBundleToName: undefined,
    ...more,
  });
}

test("says what a newcomer needs for the next step", () => {
  const text = screen();
  expect(text).toContain("iam-agent-proxy 1.2.3 listens on http://localhost:8080 (127.0.0.1, ::1)");
  expect(text).toContain("mode        record: every request is let through and written down\n");
  expect(text).toContain("agent       advisory: ");
  expect(text).toContain("signs as    arn:aws:iam::123456789012:user/dev (profile dev)");
  expect(text).toContain("CA          /home/u/.iam-agent-proxy/ca.pem");
  expect(text).toContain("action log  /home/u/.iam-agent-proxy/actions.log");
  expect(text).toContain("activity    /home/u/.iam-agent-proxy/activity.jsonl");
});

test("the exports of the agent's terminal stand on lines of their own, with the port that is really open", () => {
  const exports = screen({ port: 40_123 }).match(/^ {2}export .*$/gm);
  expect(exports).toEqual(["  export AWS_PROFILE=iam-agent-proxy", "  export HTTPS_PROXY=http://localhost:40123"]);
});

test("tells how many processes serve, when there are several", () => {
  expect(screen()).not.toContain("workers");
  const settings = readSettings({ workers: 3 }, { HOME: "/home/u" });
  expect(screen({ settings })).toContain("\n  workers     3 processes serve requests, by the same policies");
});

test("names the bundle where AWS_CA_BUNDLE would win over the profile's", () => {
  const exports = screen({ caBundleToName: "/home/u/.iam-agent-proxy/ca-bundle.pem" }).match(/^ {2}export .*$/gm);
  expect(exports?.[2]).toMatch(/^ {2}export AWS_CA_BUNDLE=\/home\/u\/\.iam-agent-proxy\/ca-bundle\.pem {3}# /);
});

test.each([
  ["shadow", "every request is let through; what the policy would deny is said"],
  ["enforce", "only what the policy allows is let through"],
])("%s mode names the policy files and their version", (mode, meaning) => {
  const settings = readSettings({ mode, policy: ["a.json", "b.json"] }, { HOME: "/home/u" });
  expect(screen({ settings, policyVersion: "0123456789ab" })).toContain(
    `mode        ${mode}: ${meaning} (policy 0123456789ab: a.json, b.json)\n`,
  );
});
