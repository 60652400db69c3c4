import { expect, test } from "vitest";
import { parseHttpDate } from "../src/http-date.ts";

test("a date of RFC 1123 is read", () => {
  expect(parseHttpDate("Fri, 24 May 2013 00:00:00 GMT")?.toISOString()).toBe("2013-05-24T00:00:00.000Z");
});

test.each([
  "",
  "Fri, 24 May 2013 00:00:00",
  "Fri, 24 May 2013 00:00:00 UTC",
  "Fri, 24 May 2013 00:00:00 +0000",
  "Sat, 24 May 2013 00:00:00 GMT",
  "Fri, 4 May 2013 00:00:00 GMT",
  "Fri, 24 Mai 2013 00:00:00 GMT",
  "Sat, 30 Feb 2013 00:00:00 GMT",
  "Fri, 24 May 2013 24:00:00 GMT",
  "Friday, 24-May-13 00:00:00 GMT",
  "Fri May 24 00:00:00 2013",
])("%j is not one", (text) => {
  expect(parseHttpDate(text)).toBeUndefined();
});
