import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileWildcard, type StepMeter, type Wildcard } from "../src/wildcard.ts";
import { matchesWildcard } from "../src/wildcard-match.ts";
import { covers, overlaps } from "../src/wildcard-relation.ts";

const resource = (text: string): Wildcard => compileWildcard(text, "resource");

/** Every text over a small alphabet; "c" is in no pattern, and so stands for all the characters patterns do not name. */
const allTexts = (longest: number): string[] => {
  const texts = [""];
  for (let from = 0, length = 0; length < longest; length++) {
    const to = texts.length;
    for (; from < to; from++) for (const c of "ab:c") texts.push(texts[from] + c);
  }
  return texts;
};

const patternOf = (maxLength: number, ...characters: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), { maxLength }).map((parts) => parts.join(""));

describe("against every text over a small alphabet", () => {
  const texts = allTexts(6);
  // In front of the pattern: all of it in the head of an ARN, on the boundary, and in the tail.
  const fronts = fc.constantFrom("", "::::", ":::::");

  test("covers is a proof: what the inner pattern matches, the outer one does", () => {
    const patterns = patternOf(5, "a", "b", ":", "*", "*", "?");
    fc.assert(
      fc.property(fronts, patterns, patterns, (front, p, q) => {
        const [outer, inner] = [resource(front + p), resource(front + q)];
        if (!covers(outer, inner)) return;
        const missed = texts.find((t) => matchesWildcard(inner, front + t) && !matchesWildcard(outer, front + t));
        expect(missed).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  test("also where a star of the outer pattern reaches over colons, so that its head lies over the inner one's tail", () => {
    const outerFronts = fc.constantFrom("*", "*:", ":*:", "*:*:");
    const patterns = patternOf(4, "a", "b", ":", "*", "*", "?");
    fc.assert(
      fc.property(outerFronts, patterns, patterns, (front, p, q) => {
        const [outer, inner] = [resource(front + p), resource(`:::::${q}`)];
        const inners = texts.map((t) => `:::::${t}`).filter((t) => matchesWildcard(inner, t));
        const shared = inners.filter((t) => matchesWildcard(outer, t));
        if (shared.length < inners.length) expect(covers(outer, inner)).toBe(false);
        if (shared.length > 0) expect(overlaps(outer, inner)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("covers finds the proof whenever there is one, in patterns of literals and unbound stars", () => {
    const patterns = patternOf(5, "a", "b", ":", "*", "*");
    fc.assert(
      fc.property(patterns, patterns, (p, q) => {
        const [outer, inner] = [compileWildcard(p, "string"), compileWildcard(q, "string")];
        const isCovered = texts.every((t) => !matchesWildcard(inner, t) || matchesWildcard(outer, t));
        expect(covers(outer, inner)).toBe(isCovered);
      }),
      { numRuns: 1000 },
    );
  });

  test("overlaps is exact: two patterns overlap when some text matches both", () => {
    const patterns = patternOf(4, "a", "b", ":", "*", "?");
    fc.assert(
      fc.property(fronts, patterns, patterns, (front, p, q) => {
        const [a, b] = [resource(front + p), resource(front + q)];
        const shared = texts.some((t) => matchesWildcard(a, front + t) && matchesWildcard(b, front + t));
        expect(overlaps(a, b)).toBe(shared);
        expect(overlaps(b, a)).toBe(shared);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("laws", () => {
  const arns = patternOf(8, "a", "b", ":", "*", "?", "/").map((tail) => `arn:aws:s3:::${tail}`);

  test("a pattern covers itself, and overlaps itself", () => {
    fc.assert(
      fc.property(patternOf(12, "a", ":", "*", "?"), (p) => {
        expect(covers(resource(p), resource(p))).toBe(true);
        expect(overlaps(resource(p), resource(p))).toBe(true);
      }),
    );
  });

  test("what covers a pattern overlaps it, and covers all that this one covers in turn", () => {
    fc.assert(
      fc.property(arns, arns, arns, (p, q, r) => {
        const [a, b, c] = [resource(p), resource(q), resource(r)];
        if (covers(a, b)) expect(overlaps(a, b)).toBe(true);
        if (covers(a, b) && !overlaps(a, c)) expect(overlaps(b, c)).toBe(false);
      }),
    );
  });

  test("for a pattern without wildcards, both say whether it matches", () => {
    fc.assert(
      fc.property(patternOf(9, "a", ":", "*", "?"), patternOf(6, "a", ":"), (p, text) => {
        const expected = matchesWildcard(resource(p), text);
        expect(covers(resource(p), resource(text))).toBe(expected);
        expect(overlaps(resource(p), resource(text))).toBe(expected);
      }),
    );
  });
});

describe("examples", () => {
  test.each([
    ["*", "arn:aws:s3:::b/*", true, true],
    ["arn:aws:s3:::*", "*", false, true],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*", true, true],
    ["arn:aws:s3:::b/x/*", "arn:aws:s3:::b/*", false, true],
    ["arn:aws:s3:::b*", "arn:aws:s3:::b/*", true, true],
    ["arn:aws:s3:::b/*.txt", "arn:aws:s3:::b/*", false, true],
    ["arn:aws:s3:::b/*.txt", "arn:aws:s3:::b/2026-*.txt", true, true],
    ["arn:aws:s3:::c/*", "arn:aws:s3:::b/*", false, false],
    ["arn:aws:ec2:*:*:*/*", "arn:aws:ec2:us-east-1:*:instance/*", true, true],
    ["arn:aws:ec2:us-*-1:1:*", "arn:aws:ec2:us-*-1:1:instance/*", true, true],
    ["arn:aws:ec2:us-*-1:1:*", "arn:aws:ec2:us-*:1:instance/*", false, true],
    // The outer head over the inner tail, where wildcards take colons: "arn:aws:s3:::b:a" is what is not covered.
    ["arn:aws:s3:*:b*a", "arn:aws:s3:::b*a", false, true],
    ["arn:aws:s3:*:b*a", "arn:aws:s3:::b?a", false, true],
    ["arn:aws:s3:*:b?a", "arn:aws:s3:::b?a", false, true],
    ["arn:aws:s3:*:b*a", "arn:aws:s3:::b:a", false, false],
    ["arn:aws:x:r:1:secret:n-??????", "arn:aws:x:r:1:secret:n-??????", true, true],
    ["arn:aws:x:r:1:secret:n-*", "arn:aws:x:r:1:secret:n-??????", true, true],
    ["arn:aws:x:r:1:secret:n-??????", "arn:aws:x:r:1:secret:n-*", false, true],
    ["arn:aws:x:r:1:a?*", "arn:aws:x:r:1:a*?", true, true],
    ["arn:aws:x:r:1:a*?", "arn:aws:x:r:1:a??*", true, true],
  ])("%s and %s: covers %s, overlaps %s", (a, b, isCovered, areOverlapping) => {
    expect(covers(resource(a), resource(b))).toBe(isCovered);
    expect(overlaps(resource(a), resource(b))).toBe(areOverlapping);
  });
});

test("patterns too long to compare are neither proven covered nor proven disjoint, and cost nothing", () => {
  const meter: StepMeter = { steps: 0 };
  const [a, b] = [resource(`a${"*a".repeat(2000)}`), resource(`b${"*a".repeat(2000)}`)];
  expect(covers(a, a, meter)).toBe(false);
  expect(overlaps(a, b, meter)).toBe(true);
  expect(meter.steps).toBe(0);
});

test("comparing takes at most a step for each pair of places", () => {
  fc.assert(
    fc.property(patternOf(80, "a", "*", "?"), patternOf(80, "a", "*", "?"), (p, q) => {
      const [a, b] = [resource(p), resource(q)];
      const meter: StepMeter = { steps: 0 };
      covers(a, b, meter);
      overlaps(a, b, meter);
      expect(meter.steps).toBeLessThanOrEqual(2 * (a.tokens.length + 1) * (b.tokens.length + 1));
    }),
  );
});
