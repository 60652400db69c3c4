import assert from "node:assert/strict";
import { AwsError, headerValue, type RequestHead } from "@iap/aws-core";
import { signPostPolicy, uriDecode } from "@iap/sigv4";
import { readPostForm, verifyPostForm } from "../../src/index.ts";
import { agentKey, now, ringOf } from "../agent.ts";

const head: RequestHead = {
  httpVersion: "1.1",
  method: "POST",
  target: "/",
  host: "bucket.s3.us-east-1.amazonaws.com",
  headers: [["Content-Type", "multipart/form-data; boundary=b"]],
};
const conditions = [{ bucket: "bucket" }, { key: "k" }, ["starts-with", "$tagging", ""]];
const policy = { expiration: "2026-12-01T12:00:00.000Z", conditions };
const signed = signPostPolicy(policy, { credentials: agentKey.credentials, region: "us-east-1", now });

/** The tags of a form, as the header has them that it amounts to; undefined when they are refused. */
function tagsOf(xml: Uint8Array): string | undefined {
  const parts = [["key", "k"], ...signed].map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const tagging = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="tagging"\r\n\r\n'),
    xml,
    Buffer.from('\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'),
  ]);
  try {
    const form = readPostForm(head, Buffer.concat([Buffer.from(parts.join("")), tagging]));
    if (form === undefined) return undefined;
    const { equivalent } = verifyPostForm(head, form, { keys: ringOf(agentKey), now });
    return headerValue(equivalent.headers, "x-amz-tagging");
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

const escaped: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
function documentOf(tags: readonly (readonly [string, string])[]): Buffer {
  const text = (latin1: string): string =>
    Buffer.from(latin1, "latin1")
      .toString("utf8")
      .replace(/[&<>"]/g, (char) => escaped[char] ?? char);
  const all = tags.map(([key, value]) => `<Tag><Key>${text(key)}</Key><Value>${text(value)}</Value></Tag>`);
  return Buffer.from(`<Tagging><TagSet>${all.join("")}</TagSet></Tagging>`);
}

export const seeds: readonly Uint8Array[] = [
  documentOf([
    ["a", "b"],
    ["c&d", "<e>"],
  ]),
  documentOf([]),
  Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n <TagSet>\n <Tag> <Key>é</Key> <Value/>',
  ),
  Buffer.from("<Tagging><TagSet><Tag><Key>a</Key><Value>&#98;</Value></Tag></TagSet></Tagging>"),
];

/** Tags are those of the document, written in the one way there is, or refused. */
export function run(bytes: Uint8Array): void {
  const header = tagsOf(bytes);
  if (header === undefined) return;
  const tags = header.split("&").flatMap((pair): (readonly [string, string])[] => {
    const [key = "", value = ""] = pair.split("=").map(uriDecode);
    return pair === "" ? [] : [[key, value]];
  });
  assert.equal(tags.length, Buffer.from(bytes).toString("latin1").split("<Tag>").length - 1);
  assert.equal(tagsOf(documentOf(tags)), header);
}
