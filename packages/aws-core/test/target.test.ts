import { expect, test } from "vitest";
import { splitTarget } from "../src/index.ts";

test.each([
  ["/", "/", undefined],
  ["/a?", "/a", ""],
  ["/a%3Fb?x=1&y", "/a%3Fb", "x=1&y"],
  ["/a?x?y", "/a", "x?y"],
])("the target %j has the path %j and the query %j", (target, path, query) => {
  expect(splitTarget(target)).toEqual({ path, query });
});
