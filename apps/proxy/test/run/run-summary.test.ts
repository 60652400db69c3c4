import { expect, test } from "vitest";
import { nextCommands, type RunSummary, summaryJson, summaryText } from "../../src/run/run-summary.ts";

const summary: RunSummary = {
  run: "5f0c",
  command: ["aws", "s3", "ls"],
  exitCode: 0,
  durationMs: 3210,
  mode: "enforce",
  agent: "isolated",
  requests: 13,
  denied: 1,
  calls: [
    { verdict: "ALLOWED", action: "s3:ListBucket", calls: 12 },
    { verdict: "DENIED", action: "iam:ListUsers", calls: 1, reason: "no identity-based policy allows it" },
  ],
};

test("calls are counted by action and decision, and the next command is named", () => {
  expect(summaryText(summary, { color: false })).toBe(`
iam-agent-proxy: 13 AWS calls, 1 denied, in 3.2 s (enforce, isolated)
  ALLOWED  12 × s3:ListBucket
  DENIED    1 × iam:ListUsers  no identity-based policy allows it
Next: iam-agent-proxy log --run 5f0c
Next: iam-agent-proxy replay --policy edited-policy.json
`);
});

test("colours only where they are wanted", () => {
  expect(summaryText(summary, { color: true })).toContain("\u001b[31mDENIED \u001b[0m");
  expect(summaryText(summary, { color: false })).not.toContain("\u001b");
});

test("what a request says cannot act on the terminal", () => {
  const calls = [{ verdict: "DENIED", action: "x\u001b[2J", calls: 1, reason: "a\nb\u202e" }] as const;
  expect(summaryText({ ...summary, calls }, { color: false })).not.toMatch(/\p{Cf}|a\nb/u);
  expect(summaryText({ ...summary, calls }, { color: false })).not.toContain("\u001b");
});

test("a recording leads to a policy, no call at all to the doctor, and nothing denied to nothing", () => {
  expect(nextCommands({ ...summary, mode: "record" })).toEqual([
    "iam-agent-proxy policy --run 5f0c > agent-policy.json",
  ]);
  expect(nextCommands({ ...summary, requests: 0 })).toEqual(["iam-agent-proxy doctor"]);
  expect(nextCommands({ ...summary, denied: 0 })).toEqual([]);
  expect(summaryText({ ...summary, requests: 0, calls: [] }, { color: false })).toContain("no AWS call came through");
});

test("JSON is one line with all of it", () => {
  const text = summaryJson(summary);
  expect(text.trimEnd()).not.toContain("\n");
  expect(JSON.parse(text)).toMatchObject({ type: "summary", ...summary });
});
