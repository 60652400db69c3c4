import assert from "node:assert/strict";
import { AwsError, type RequestHead } from "@iap/aws-core";
import { parsePostPolicy, postFormReader, readPostForm } from "../../src/index.ts";

const head: RequestHead = {
  httpVersion: "1.1",
  method: "POST",
  target: "/",
  host: "bucket.s3.us-east-1.amazonaws.com",
  headers: [["Content-Type", "multipart/form-data; boundary=b"]],
};
const policy = (document: unknown): string => Buffer.from(JSON.stringify(document)).toString("base64");
const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const good = policy({
  expiration: "2026-12-01T12:00:00.000Z",
  conditions: [{ bucket: "b" }, ["starts-with", "$key", "k"], ["content-length-range", 1, 10]],
});

export const seeds: readonly Uint8Array[] = [
  `${field("key", "k")}${field("policy", good)}--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ndata\r\n--b--\r\n`,
  `${field("policy", policy({ expiration: "x", conditions: [] }))}`,
].map((text) => Buffer.from(text, "latin1"));

/** A form is read up to its file alike, however much of it is here; its policy is read, or refused with a code of AWS's. */
export function run(bytes: Uint8Array): void {
  let form: ReturnType<typeof readPostForm>;
  try {
    form = readPostForm(head, bytes);
  } catch (error) {
    if (error instanceof AwsError) return;
    throw error;
  }
  const goOn = postFormReader(head);
  let inPieces: typeof form;
  for (let length = 0; length < bytes.length && inPieces === undefined; length += 7) {
    inPieces = goOn(bytes.subarray(0, length + 7));
  }
  assert.deepEqual(inPieces, form);
  if (form === undefined) return;
  assert.ok(form.length <= bytes.length);
  assert.deepEqual(readPostForm(head, bytes.subarray(0, form.length)), form);
  assert.deepEqual(
    form.fields.map(({ name, value }) => [name, value]),
    partsOf(Buffer.from(bytes).toString("latin1", 0, form.length)),
  );
  const names = form.fields.map(({ name }) => name.toLowerCase());
  assert.equal(new Set(names).size, names.length, "a field stands twice");
  const text = form.fields.find(({ name }) => name.toLowerCase() === "policy")?.value;
  if (text === undefined) return;
  try {
    const { expiration, conditions } = parsePostPolicy(text);
    assert.ok(!Number.isNaN(expiration.getTime()));
    for (const { field: named } of conditions) assert.equal(named, named.toLowerCase());
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
  }
}

/** Names and values of the parts before the last, split by what stands between them. */
function partsOf(text: string): readonly (readonly [name: string, value: string])[] {
  const parts = `\r\n${text}`.split("\r\n--b\r\n").slice(1, -1);
  return parts.map((part) => {
    const end = part.indexOf("\r\n\r\n");
    const [, quoted, plain] = /;\s*name=(?:"([^"]*)"|([^\s;"]+))/i.exec(part.slice(0, end)) ?? [];
    return [quoted ?? plain ?? "", Buffer.from(part.slice(end + 4), "latin1").toString("utf8")];
  });
}
