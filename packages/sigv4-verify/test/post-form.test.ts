import { AwsError, type RequestHead } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPostForm, MAX_POST_FIELDS_BYTES, postFormReader, readPostForm } from "../src/index.ts";
import { caught } from "./caught.ts";

const host = "bucket.s3.us-east-1.amazonaws.com";

function head(contentType = "multipart/form-data; boundary=B"): RequestHead {
  return {
    httpVersion: "1.1",
    method: "POST",
    target: "/",
    headers: [
      ["Host", host],
      ["Content-Type", contentType],
    ],
    host,
  };
}

const part = (name: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = `--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n`;
const read = (text: string): ReturnType<typeof readPostForm> => readPostForm(head(), Buffer.from(text, "latin1"));

test("a POST of multipart/form-data to an S3 host is one", () => {
  expect(isPostForm(head())).toBe(true);
  expect(isPostForm({ ...head(), method: "PUT" })).toBe(false);
  expect(isPostForm({ ...head(), host: "sqs.us-east-1.amazonaws.com" })).toBe(false);
  expect(isPostForm({ ...head(), headers: [] })).toBe(false);
  expect(isPostForm(head("text/plain"))).toBe(false);
});

test("the fields before the file are read, and where the file begins", () => {
  const text = `${part("key", "k")}${part("x-amz-meta-a", "caf\u00c3\u00a9")}${file}`;
  const form = read(`${text}data\r\n--B--\r\n`);
  expect(form?.fields.map(({ name, value }) => [name, value])).toEqual([
    ["key", "k"],
    ["x-amz-meta-a", "caf\u00e9"],
  ]);
  expect(form).toMatchObject({ boundary: "B", filename: "a.txt", length: text.length });
  expect(Buffer.from(form?.fileHead ?? "").toString()).toBe(file);
});

test("the parameters of a part may stand without quotes, as RFC 2183 allows for a token", () => {
  const text = `--B\r\nContent-Disposition: form-data; name=key\r\n\r\nk\r\n${file.replace('"file"', "file").replace('"a.txt"', "a.txt")}`;
  const form = read(text);
  expect(form?.fields.map(({ name, value }) => [name, value])).toEqual([["key", "k"]]);
  expect(form).toMatchObject({ filename: "a.txt", length: text.length });
});

test("a part may say that it is not encoded, and of what type it is, as libraries do", () => {
  const more = "\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  const form = read(`${part("key", "k").replace("\r\n\r\n", more)}${file}`);
  expect(form?.fields.map(({ name, value }) => [name, value])).toEqual([["key", "k"]]);
});

test.each([
  ["filename=a.txt; filename*=utf-8''a.txt", "a.txt"],
  ["filename=\"caf\u00c3\u00a9\"; filename*=UTF-8'fr'caf%C3%A9", "caf\u00e9"],
  ["filename=a.txt; filename*=utf-8''b.txt", undefined],
  ["filename=a.txt; filename*=iso-8859-1''a.txt", undefined],
  ["filename=a.txt; filename*=utf-8''%", undefined],
  ["filename*=utf-8''a.txt", undefined],
])("a file that says %s is called %s", (parameters, filename) => {
  expect(read(`${part("key", "k")}${file.replace('filename="a.txt"', parameters)}`)?.filename).toBe(filename);
});

test("until the file begins more bytes are wanted, however little is there", () => {
  const text = `${part("key", "k")}${part("acl", "")}${file}`;
  for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBeUndefined();
  expect(read(text)?.length).toBe(text.length);
  const bytes = Buffer.from(text, "latin1");
  const goOn = postFormReader(head());
  for (let length = 0; length < bytes.length; length++) expect(goOn(bytes.subarray(0, length))).toBeUndefined();
  expect(goOn(bytes)).toEqual(read(text));
});

describe("what is no such form, or can be read in two ways, is refused", () => {
  test.each<[string, string]>([
    ["no boundary at the beginning", `x${part("key", "k")}${file}`],
    ["a field twice", `${part("key", "k")}${part("Key", "k2")}${file}`],
    ["no file", `${part("key", "k")}--B--\r\n`],
    ["a part without a name", `--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n${file}`],
    ["a part without a disposition", `--B\r\nContent-Type: text/plain\r\n\r\nx\r\n${file}`],
    [
      "two dispositions",
      `--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"\r\n\r\nx\r\n${file}`,
    ],
    ["an empty name", part("", "x") + file],
    ["a name with a blank at its end", part("acl ", "x") + file],
    ["a name with an escape", part("a%63l", "x") + file],
    ["a name with a backslash", part("a\\cl", "x") + file],
    ["a name that is not ASCII", part("ac\u00c3\u00a9", "x") + file],
    ["two names", `--B\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nx\r\n${file}`],
    ["something after a boundary", `--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--BX\r\n${file}`],
    ["bytes that are no UTF-8", `${part("key", "\xff")}${file}`],
    ["a boundary in the head of a part", `--B\r\nX: y\r\n${part("key", "k")}${file}`],
    ["a boundary at the beginning of a value", `${part("key", "--B\r\nX: y")}${file}`],
    ["a bare LF", `--B\r\nContent-Disposition: form-data; name="a"\nX: y\r\n\r\nx\r\n${file}`],
    ["a bare CR", `--B\r\nContent-Disposition: form-data; name="a"\r\nX: y\rz\r\n\r\nx\r\n${file}`],
    ["a folded header", `--B\r\nContent-Disposition: form-data; name="a"\r\n ; name="b"\r\n\r\nx\r\n${file}`],
    ["a blank before the colon", `--B\r\nContent-Disposition : form-data; name="a"\r\n\r\nx\r\n${file}`],
    ["a line without a colon", `--B\r\nContent-Disposition: form-data; name="a"\r\nx\r\n\r\nx\r\n${file}`],
    ["an encoded name", `--B\r\nContent-Disposition: form-data; name="a"; name*=UTF-8''b\r\n\r\nx\r\n${file}`],
    [
      "a quote that may be escaped",
      `--B\r\nContent-Disposition: form-data; filename="\\"; name="a"\r\n\r\nx\r\n${file}`,
    ],
    [
      "an encoded value",
      `${part("key", "k").replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n")}${file}`,
    ],
    ["fields without end", `${part("key", "k".repeat(MAX_POST_FIELDS_BYTES))}`],
  ])("%s", (_, text) => {
    expect(caught(() => read(text)).code).toBe("InvalidRequest");
  });

  test.each(["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a; boundary=b"])(
    "the content type %s",
    (contentType) => {
      expect(caught(() => readPostForm(head(contentType), Buffer.from("--a\r\n"))).code).toBe("InvalidRequest");
    },
  );
});

test("garbage never crashes it", () => {
  const piece = fc.constantFrom(
    "--B",
    "\r\n",
    "Content-Disposition: form-data; name=",
    '"file"',
    '"key"',
    ";",
    "\n",
    "x",
    "\0",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (texts) => {
      try {
        read(texts.join(""));
      } catch (error) {
        expect(error).toBeInstanceOf(AwsError);
      }
    }),
    { numRuns: 500 },
  );
});
