import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAmzDate, parseAmzDate } from "../src/index.ts";

test("a date is written in the basic form, in UTC, whole seconds", () => {
  expect(formatAmzDate(new Date("2013-05-24T00:00:00Z"))).toBe("20130524T000000Z");
  expect(formatAmzDate(new Date("2026-11-23T23:59:59.999Z"))).toBe("20261123T235959Z");
});

test("a year of five digits cannot be written", () => {
  expect(() => formatAmzDate(new Date(Date.UTC(10_000, 0)))).toThrow(RangeError);
  expect(formatAmzDate(new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999)))).toBe("99991231T235959Z");
});

test("what is written is read back, whole seconds", () => {
  const dates = fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
  fc.assert(
    fc.property(dates, (date) => {
      const seconds = Math.floor(date.getTime() / 1000) * 1000;
      expect(parseAmzDate(formatAmzDate(date))?.getTime()).toBe(seconds);
    }),
  );
});

describe("what is not a date is refused", () => {
  test.each([
    ["", "nothing"],
    ["20130524T000000", "no zone"],
    ["20130524T000000z", "lower-case zone"],
    ["20130524t000000Z", "lower-case separator"],
    ["20130524 000000Z", "a blank"],
    ["2013-05-24T00:00:00Z", "the extended form"],
    ["20130524T000000.000Z", "fractions"],
    ["20130524T000000Z ", "a blank at the end"],
    ["+2130524T000000Z", "a sign"],
    ["20130230T000000Z", "30 February"],
    ["20130229T000000Z", "29 February of a common year"],
    ["20131301T000000Z", "a 13th month"],
    ["20130001T000000Z", "month 0"],
    ["20130500T000000Z", "day 0"],
    ["20130524T240000Z", "a 25th hour"],
    ["20130524T006000Z", "a 61st minute"],
    ["20130524T000060Z", "a leap second"],
    ["00130524T000000Z", "a year of two digits"],
    ["２0130524T000000Z", "a digit that is not ASCII"],
  ])("%j: %s", (text) => {
    expect(parseAmzDate(text)).toBeUndefined();
  });
});

test("29 February of a leap year is a date", () => {
  expect(parseAmzDate("20240229T000000Z")?.toISOString()).toBe("2024-02-29T00:00:00.000Z");
});
