import { describe, expect, test } from "vitest";
import { selectionOf } from "../../src/recording/recording-options.ts";

const now = new Date("2026-11-24T12:00:00.000Z");
const since = (text: string): string | undefined => selectionOf({ dir: "/d", since: text }, now).since?.toISOString();

describe("a time", () => {
  test.each([
    ["2026-11-24", "2026-11-24T00:00:00.000Z"],
    ["2026-11-24T09:30:00Z", "2026-11-24T09:30:00.000Z"],
    ["2026-11-24T09:30:00+01:00", "2026-11-24T08:30:00.000Z"],
    ["90s", "2026-11-24T11:58:30.000Z"],
    ["30m", "2026-11-24T11:30:00.000Z"],
    ["12h", "2026-11-24T00:00:00.000Z"],
    ["7d", "2026-11-17T12:00:00.000Z"],
    ["2w", "2026-11-10T12:00:00.000Z"],
  ])("%s is %s", (text, time) => {
    expect(since(text)).toBe(time);
  });

  test.each(["", "yesterday", "7", "7y", "24.11.2026", "2026-13-01", "-1h"])("%j is none", (text) => {
    expect(() => since(text)).toThrow(/^--since must be a time like/);
  });
});

test("what is not given selects all", () => {
  expect(selectionOf({ dir: "/d" }, now)).toEqual({
    since: undefined,
    until: undefined,
    run: undefined,
    agent: undefined,
  });
});
