import type { Headers } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_SUFFIX, userAgentSuffix, withUserAgentSuffix } from "../../src/upstream/user-agent-suffix.ts";

const suffixOf = userAgentSuffix({ template: DEFAULT_SUFFIX, version: "0.1.0", run: "run-1" });
const appended = (headers: Headers, suffix: string | undefined, httpVersion: "1.1" | "2" = "1.1"): Headers =>
  withUserAgentSuffix({ httpVersion, headers }, suffix).headers;

test("names the proxy, the agent and the run", () => {
  expect(suffixOf("ci")).toBe("iam-agent-proxy/0.1.0 agent/ci run/run-1");
  expect(userAgentSuffix({ template: "by {agent}{agent}, {other}", version: "", run: "" })("a")).toBe("by aa, {other}");
  expect(userAgentSuffix({ template: false, version: "", run: "" })("a")).toBeUndefined();
});

test.each([
  ["x run/other", "x-run-other"],
  ["a\r\nX-Evil: 1", "a--X-Evil--1"],
  ["jürgen@host", "j-rgen-host"],
  ["{run}", "-run-"],
  ["$&", "--"],
  ["", "-"],
  ["a".repeat(300), "a".repeat(64)],
])("an agent called %j is %s there", (agent, name) => {
  expect(suffixOf(agent)).toBe(`iam-agent-proxy/0.1.0 agent/${name} run/run-1`);
});

test("whatever an agent is called, the suffix is three products", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 256 }), (agent) => {
      expect(suffixOf(agent)).toMatch(/^iam-agent-proxy\/0\.1\.0 agent\/[\w.~+-]{1,64} run\/run-1$/);
    }),
  );
});

describe("a request", () => {
  test("has it behind its own User-Agent, every other line as it was", () => {
    const headers: Headers = [
      ["host", "h"],
      ["USER-AGENT", "aws-cli/2.0"],
      ["x-amz-user-agent", "aws-sdk-js/3"],
    ];
    expect(appended(headers, "s")).toEqual([headers[0], ["USER-AGENT", "aws-cli/2.0 s"], headers[2]]);
    expect(headers[1]).toEqual(["USER-AGENT", "aws-cli/2.0"]);
  });

  test("with several User-Agents has it behind the last", () => {
    const lines: Headers = [
      ["User-Agent", "a"],
      ["User-Agent", "b"],
    ];
    expect(appended(lines, "s")).toEqual([lines[0], ["User-Agent", "b s"]]);
  });

  test("without one gets one, in the spelling of its HTTP version", () => {
    expect(appended([], "s")).toEqual([["User-Agent", "s"]]);
    expect(appended([], "s", "2")).toEqual([["user-agent", "s"]]);
    expect(appended([["User-Agent", ""]], "s")).toEqual([["User-Agent", "s"]]);
  });

  test("with a long one keeps of it what CloudTrail shows besides the suffix", () => {
    const [[, value] = ["", ""]] = appended([["User-Agent", "a".repeat(5000)]], "suffix");
    expect(value).toHaveLength(1024);
    expect(value.endsWith("a suffix")).toBe(true);
  });

  test("is left alone when there is nothing to append", () => {
    const request = { httpVersion: "1.1", headers: [] } as const;
    expect(withUserAgentSuffix(request, undefined)).toBe(request);
  });
});
