import { describe, expect, test } from "vitest";
import { type Ending, endingOf, joinRecords } from "../src/recorded-request.ts";
import { decided, finished } from "./support/recording.ts";

test("requests and their ends are joined by id, in whatever order they come", () => {
  const [a, b, end] = [decided("a", []), decided("b", []), finished("a")];
  expect(joinRecords([end, b, a, finished("nobody's")])).toEqual([
    { decided: b, finished: undefined },
    { decided: a, finished: end },
  ]);
});

test("of two ends of one request the one that grants less counts", () => {
  const ends = [finished("a"), finished("a", { status: 403 }), finished("a", { outcome: "failed", status: undefined })];
  for (const order of [ends, [...ends].reverse()]) {
    expect(joinRecords([decided("a", []), ...order])[0]?.finished?.status).toBe(403);
  }
});

describe("how a request ended", () => {
  test.each<[Parameters<typeof finished>[1], Ending]>([
    [{ status: 200 }, "answered"],
    [{ status: 404, errorCode: "NoSuchKey" }, "answered"],
    [{ status: 503, errorCode: "SlowDown" }, "answered"],
    [{ status: 403 }, "denied"],
    [{ status: 400, errorCode: "AccessDenied" }, "denied"],
    [{ status: 400, errorCode: "UnauthorizedOperation" }, "denied"],
    [{ status: 400, errorCode: "NotAuthorized" }, "denied"],
    [{ status: 400, errorCode: "ValidationException" }, "answered"],
    [{ outcome: "aborted", status: 200 }, "answered"],
    [{ outcome: "aborted", status: undefined }, "unknown"],
    [{ outcome: "failed", status: 502 }, "unknown"],
    [{ outcome: "failed", status: 200 }, "answered"],
    [{ outcome: "failed", status: 403 }, "denied"],
  ])("%j: %s", (change, ending) => {
    expect(endingOf(finished("a", change))).toBe(ending);
  });

  test("no end on record is unknown", () => {
    expect(endingOf(undefined)).toBe("unknown");
  });
});
