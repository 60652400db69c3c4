import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shellQuote } from "../src/shell-quote.ts";

test("a path of plain characters stays as it is", () => {
  expect(shellQuote("/home/a.b/.iam-agent-proxy/install.key")).toBe("/home/a.b/.iam-agent-proxy/install.key");
});

test("a shell reads any path as the one word it was", () => {
  const character = fc.oneof(
    fc.constantFrom(..."'\"\\ $`!*?~#&;|<>(){}[]\n\t-=ü"),
    fc.string({ minLength: 1, maxLength: 1 }),
  );
  const path = fc.array(character, { maxLength: 20 }).map((characters) => characters.join("").replaceAll("\0", ""));
  fc.assert(
    fc.property(fc.array(path, { minLength: 20, maxLength: 20 }), (paths) => {
      const command = `printf '%s\\0' ${paths.map(shellQuote).join(" ")}`;
      expect(execFileSync("sh", ["-c", command], { encoding: "utf8" })).toBe(paths.map((one) => `${one}\0`).join(""));
    }),
    { numRuns: 20 },
  );
});
