import fc from "fast-check";
import { expect, test } from "vitest";
import { uriDecode, uriEncode, uriReencode } from "../src/index.ts";

const latin1 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

test("everything but letters, digits and -._~ is encoded, in upper-case hex", () => {
  expect(uriEncode("AZaz09-._~", false)).toBe("AZaz09-._~");
  expect(uriEncode(" !\"#$%&'()*+,/:;<=>?@[\\]^`{|}\x7f\x00é", false)).toBe(
    "%20%21%22%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%7F%00%E9",
  );
  expect(uriEncode("/a b/", true)).toBe("/a%20b/");
});

test("what is encoded decodes to itself", () => {
  fc.assert(
    fc.property(latin1, (text) => {
      expect(uriDecode(uriEncode(text, false))).toBe(text);
    }),
  );
});

test("encoding again what was encoded changes nothing", () => {
  fc.assert(
    fc.property(latin1, fc.boolean(), (text, keepSlash) => {
      const once = uriReencode(text, keepSlash);
      expect(uriReencode(once, keepSlash)).toBe(once);
    }),
  );
});

test("an escaped slash stays data, and an escaped letter becomes the letter", () => {
  expect(uriReencode("/%2f%41%e9%2F", true)).toBe("/%2FA%E9%2F");
});

test("a percent sign that begins no escape is a percent sign", () => {
  expect(uriReencode("%", false)).toBe("%25");
  expect(uriReencode("%4", false)).toBe("%254");
  expect(uriReencode("%zz%4", false)).toBe("%25zz%254");
  expect(uriDecode("%%41%4")).toBe("%A%4");
});

test("a plus is a plus", () => {
  expect(uriDecode("a+b")).toBe("a+b");
  expect(uriReencode("a+b", false)).toBe("a%2Bb");
});

test("text that is not bytes is refused", () => {
  expect(() => uriEncode("ሴ", false)).toThrow(RangeError);
  expect(() => uriReencode("ሴ", false)).toThrow(RangeError);
});
