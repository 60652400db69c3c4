import { describe, expect, test } from "vitest";
import { Recording } from "../src/recording.ts";
import { check, decided, finished } from "./support/recording.ts";

const get = check("s3:GetObject", { arn: "arn:aws:s3:::b/k" });
const put = check("s3:PutObject", { arn: "arn:aws:s3:::b/k" });

function calls(...records: Parameters<Recording["add"]>[0][]) {
  const recording = new Recording();
  for (const record of records) recording.add(record);
  return recording.calls();
}

test("requests and their ends are joined by id, in whatever order they come", () => {
  const [a, b, end] = [decided("a", [get]), decided("b", [put]), finished("a")];
  expect(calls(end, b, a, finished("nobody's")).map(({ name, ending }) => [name, ending])).toEqual([
    ["s3:PutObject", "unknown"],
    ["s3:GetObject", "answered"],
  ]);
});

test("of two ends of one request the one that grants less counts", () => {
  const ends = [finished("a"), finished("a", { status: 403 }), finished("a", { outcome: "failed", status: undefined })];
  for (const order of [ends, [...ends].reverse()])
    expect(calls(decided("a", [get]), ...order)[0]?.ending).toBe("denied");
});

describe("a call that was tried again", () => {
  const attempt = (id: string, second: number, retry: string, status: number, checks = [get]) => [
    decided(id, checks, { retry, time: `2026-11-24T09:00:0${second}.000Z` }),
    finished(id, { status, outcome: "answered" }),
  ];

  test("counts once, by the SDK's invocation id, and ends as its last attempt does", () => {
    const [first, second] = [attempt("a", 1, "sdk-1", 503), attempt("b", 2, "sdk-1", 200)];
    expect(calls(...second, ...first)).toMatchObject([
      { attempts: 2, ending: "answered", time: "2026-11-24T09:00:01.000Z" },
    ]);
    expect(calls(...attempt("a", 1, "sdk-1", 503), ...attempt("b", 2, "sdk-1", 403))).toMatchObject([
      { attempts: 2, ending: "denied" },
    ]);
    expect(calls(...attempt("a", 1, "sdk-1", 200), ...attempt("b", 2, "sdk-2", 200))).toHaveLength(2);
  });

  test("ends as its last attempt that has an answer does", () => {
    const unanswered = decided("b", [get], { retry: "sdk-1", time: "2026-11-24T09:00:02.000Z" });
    expect(calls(...attempt("a", 1, "sdk-1", 200), unanswered)).toMatchObject([{ attempts: 2, ending: "answered" }]);
  });

  test("counts once by its request only where the attempt before failed", () => {
    expect(calls(...attempt("a", 1, "req-1", 503), ...attempt("b", 2, "req-1", 200))).toHaveLength(1);
    expect(calls(...attempt("a", 1, "req-1", 429), ...attempt("b", 2, "req-1", 200))).toHaveLength(1);
    expect(calls(...attempt("a", 1, "req-1", 200), ...attempt("b", 2, "req-1", 200))).toHaveLength(2);
  });

  test("is no other call that has the same invocation id, nor one of another run", () => {
    expect(calls(...attempt("a", 1, "sdk-1", 200), ...attempt("b", 2, "sdk-1", 200, [put]))).toHaveLength(2);
    const elsewhere = decided("b", [get], { retry: "sdk-1", run: "another" });
    expect(calls(...attempt("a", 1, "sdk-1", 200), elsewhere)).toHaveLength(2);
  });
});

test("what many requests have in common is there once", () => {
  const same = calls(decided("a", [get]), decided("b", [get]), decided("c", [put, get]));
  expect(same[0]?.observations[0]).toBe(same[1]?.observations[0]);
  expect(same[2]?.observations[1]).toBe(same[0]?.observations[0]);
});

test("only the keys asked for are kept of a context", () => {
  const recording = new Recording({ keepsKey: (key) => key === "s3:prefix" });
  const list = (prefix: string, page: string) =>
    check("s3:ListBucket", { arn: "arn:aws:s3:::b" }, { "s3:prefix": prefix, "s3:max-keys": page });
  for (const [id, one] of [list("a/", "1"), list("a/", "2"), list("b/", "1")].entries())
    recording.add(decided(`${id}`, [one]));
  const observed = new Set(recording.calls().flatMap(({ observations }) => [...observations] as unknown[]));
  expect([...observed].map((one) => (one as { context: unknown }).context)).toEqual([
    { "s3:prefix": "a/" },
    { "s3:prefix": "b/" },
  ]);
});
