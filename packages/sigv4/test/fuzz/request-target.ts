import assert from "node:assert/strict";
import { splitTarget } from "@iap/aws-core";
import {
  canonicalPath,
  canonicalQuery,
  pathRule,
  queryParameters,
  uriDecode,
  uriEncode,
  withoutParameters,
} from "../../src/index.ts";

export const seeds: readonly Uint8Array[] = [
  ...[
    "/",
    "/a%2Fb/../c//d?x=%zz&y",
    "/b/k%20e+y?X-Amz-Signature=1&a=1&a=0&=",
    "//?",
    "/%e2%98%83?uploads&partNumber=1",
  ],
  "/.%2e/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fr%2Fs%2Faws4_request",
].map((text) => Buffer.from(text, "latin1"));

/** A canonical form is one: it is its own, holds nothing that could be mistaken, and means what the target did. */
export function run(bytes: Uint8Array): void {
  const target = Buffer.from(bytes).toString("latin1");
  const { path, query } = splitTarget(target);
  assert.equal(uriDecode(uriEncode(target, false)), target);
  for (const service of ["s3", "sqs"]) {
    const canonical = canonicalPath(path, pathRule(service));
    assert.match(canonical, /^[A-Za-z0-9._~%/-]*$/);
    if (service === "s3") {
      assert.equal(canonicalPath(canonical, pathRule(service)), canonical);
      if (path !== "") assert.equal(uriDecode(canonical), uriDecode(path));
    } else assert.doesNotMatch(canonical, /\/\.\.?(?:\/|$)|\/\//);
  }
  const canonical = canonicalQuery(query);
  assert.match(canonical, /^[A-Za-z0-9._~%&=-]*$/);
  assert.equal(canonicalQuery(canonical), canonical);
  for (const { rawValue } of queryParameters(query ?? "")) assert.ok(query?.includes(rawValue));
  assert.equal(splitTarget(withoutParameters(target, new Set(["X-Amz-Signature"]))).path, path);
}
