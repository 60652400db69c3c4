import { describe, expect, test } from "vitest";
import { type Ending, endingOf } from "../src/recorded-request.ts";
import { finished } from "./support/recording.ts";

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
