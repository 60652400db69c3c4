import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileWildcard, mayMatch, type StepMeter, type WildcardDialect } from "../src/wildcard.ts";
import { runAutomaton } from "../src/wildcard-automaton.ts";
import { matchesWildcard } from "../src/wildcard-match.ts";
import { naiveMatch } from "./support/naive-match.ts";

const matches = (pattern: string, text: string, dialect: WildcardDialect = "resource"): boolean =>
  matchesWildcard(compileWildcard(pattern, dialect), text);

const textOf = (...characters: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), { maxLength: 9 }).map((parts) => parts.join(""));

describe("matching agrees with trying everything", () => {
  test.each<[WildcardDialect, fc.Arbitrary<string>, fc.Arbitrary<string>]>([
    ["string", textOf("a", "b", ":", "*", "*", "?"), textOf("a", "b", ":", "*")],
    ["string", textOf("a", "😀", "*", "?"), textOf("a", "😀", "*", "\ud83d")],
    ["resource", textOf("a", ":", ":", "*", "*", "?", "/"), textOf("a", ":", ":", "/", "*")],
    ["resource", textOf("a", ":", "*", "?").map((p) => `::::${p}`), textOf("a", ":", "*").map((t) => `::::${t}`)],
    ["arn", textOf("a", ":", ":", "*", "*", "?", "/"), textOf("a", ":", ":", "/", "*")],
    ["arn", textOf("a", ":", "*", "?").map((p) => `::::${p}`), textOf("a", ":", "*").map((t) => `::::${t}`)],
    [
      "arnWithEscapes",
      textOf("a", ":", "*", ...["*", "?", "$"].map((c) => `\${${c}}`), "$", "{"),
      textOf("a", ":", "*", "$", "{", "?"),
    ],
    [
      "stringWithEscapes",
      textOf("a", "*", "?", ...["*", "?", "$"].map((c) => `\${${c}}`), "$", "{"),
      textOf("a", "*", "$", "{", "?"),
    ],
    [
      "resourceWithEscapes",
      textOf("a", ":", "*", ...["*", "?", "$"].map((c) => `\${${c}}`), "$", "{").map((p) => `::::${p}`),
      textOf("a", ":", "*", "$", "{", "?").map((t) => `::::${t}`),
    ],
  ])("in the dialect %s", (dialect, patterns, texts) => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const wildcard = compileWildcard(pattern, dialect);
        const expected = naiveMatch(pattern, text, dialect);
        expect(matchesWildcard(wildcard, text)).toBe(expected);
        if (expected) expect(mayMatch(wildcard, text)).toBe(true);
        expect(runAutomaton(wildcard, text)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("also over the boundary of the automaton's machine words", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 25, max: 70 }),
        fc.integer({ min: 20, max: 80 }),
        fc.array(fc.constantFrom("*", "?", "b", "?b*"), { maxLength: 4 }),
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 5 }),
        (m, n, middle, end) => {
          const pattern = "a".repeat(m) + middle.join("") + "a".repeat(5);
          const text = "a".repeat(n) + end + "a".repeat(8);
          expect(runAutomaton(compileWildcard(pattern, "string"), text)).toBe(naiveMatch(pattern, text, "string"));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("also where each piece between two stars is longer than a word", () => {
    const piece = fc.integer({ min: 1, max: 45 }).map((length) => `${"ab".repeat(length)}?`);
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 2, maxLength: 3 }),
        fc.array(fc.nat(3), { maxLength: 4 }),
        (pieces, gaps) => {
          const pattern = pieces.join("*");
          const text = pieces.map((each, i) => each.replace("?", "c") + "ab".repeat(gaps[i] ?? 0)).join("");
          for (const tried of [text, `${text}b`, text.slice(1), text.slice(0, -1), text.replaceAll("c", "")]) {
            expect(runAutomaton(compileWildcard(pattern, "string"), tried)).toBe(naiveMatch(pattern, tried, "string"));
          }
        },
      ),
    );
  });
});

describe("a star that ends its segment reaches across colons, another one does not", () => {
  test.each([
    ["arn:aws:sqs:us-east-1:*", "arn:aws:sqs:us-east-1:123456789012:q", true],
    ["arn:aws:x:*:111122223333:finance/*", "arn:aws:x:us-east-2:999999999999:store/a:111122223333:finance/d", true],
    ["arn:aws:x:us-*-1:1:a", "arn:aws:x:us-east-1:1:a", true],
    ["arn:aws:x:us-*-1:1:a", "arn:aws:x:us-east:z-1:1:a", false],
    ["arn:aws:x:us-east-?:1:a", "arn:aws:x:us-east-1:1:a", true],
    ["arn:aws:x:us-east-1?1:a", "arn:aws:x:us-east-1:1:a", false],
    ["arn:aws:logs:r:1:log-group:*:log-stream:*", "arn:aws:logs:r:1:log-group:/a:b:log-stream:x/y", true],
    ["arn:aws:ec2:*:*:*/*", "arn:aws:ec2:us-east-1:123456789012:instance/i-1", true],
    ["arn:aws:s3:::b/a*z", "arn:aws:s3:::b/a:/\nz", true],
    ["arn:aws:s3:::b/?", "arn:aws:s3:::b/:", true],
    ["arn:aws:s3:::b/?", "arn:aws:s3:::b/😀", true],
    ["arn:aws:s3:::b/??", "arn:aws:s3:::b/😀", false],
    ["arn:aws:s3:::b/K", "arn:aws:s3:::b/k", false],
    ["arn:aws:s3:::b/x", "arn:aws:s3:::b/*", false],
    ["arn:aws:s3:::b/[a-z]", "arn:aws:s3:::b/x", false],
    ["*", "", true],
    ["*", "anything\nat all", true],
  ])("%s against %j: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});

describe("hostile patterns cost a bounded number of steps", () => {
  const bound = (pattern: string, text: string): number =>
    Math.max(1 << 15, text.length * (1 + (Math.min(pattern.length, text.length) >>> 5)));
  const key = "a".repeat(1024);
  test.each([
    ["forty stars", `${"*a".repeat(40)}b`],
    ["forty stars and a question mark", `${"*a".repeat(40)}b?`],
    ["6,144 characters of stars", `${"*a".repeat(3071)}*b`],
    ["6,144 stars", `${"*".repeat(6143)}b`],
    ["a long piece that almost fits everywhere", `*${"a".repeat(500)}?b`],
    ["a long literal that almost fits everywhere", `*b${"a".repeat(500)}*`],
    ["question marks", `${"?a".repeat(511)}*b`],
    ["question marks between stars", `${"*?".repeat(3071)}b`],
  ])("%s", (_name, pattern) => {
    const meter: StepMeter = { steps: 0 };
    expect(matchesWildcard(compileWildcard(pattern, "string"), key, meter)).toBe(false);
    expect(meter.steps).toBeLessThanOrEqual(bound(pattern, key));
  });

  test("any pattern and text", () => {
    const long = fc.array(fc.constantFrom("a", "b", "*", "?", "aaaaaaaa", "*a*a"), { maxLength: 300 });
    fc.assert(
      fc.property(long, fc.integer({ min: 0, max: 1024 }), (parts, length) => {
        const pattern = parts.join("");
        const text = "a".repeat(length);
        const meter: StepMeter = { steps: 0 };
        matchesWildcard(compileWildcard(pattern, "string"), text, meter);
        expect(meter.steps).toBeLessThanOrEqual(bound(pattern, text));
      }),
    );
  });
});
