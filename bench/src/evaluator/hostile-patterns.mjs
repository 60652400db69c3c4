import { compilePolicySet } from "../../../packages/iam-evaluator/dist/index.js";
import { median } from "../median.mjs";

const head = "arn:aws:s3:::b/";
const longest = 6_144;
const keyBytes = 1_024;

/**
 * Patterns made to be slow, each against keys that nearly match it: the time of a whole decision. The first ones of
 * each pattern, which build its automaton and are compiled themselves, are not counted.
 * @param {number} rounds
 */
export function hostilePatterns(rounds) {
  const keys = ["a".repeat(keyBytes), `${"a".repeat(keyBytes - 1)}b`, "ab".repeat(keyBytes / 2)];
  const patterns = [
    `${"*a".repeat(40)}*b`,
    `${"*a".repeat(500)}*b`,
    `${"*a".repeat(1_000)}?b`,
    `${"(*a)".repeat(40)}*b?`,
    `*${"a".repeat(500)}?b`,
    `*${"a".repeat(1_000)}?b`,
    `${"?*".repeat(512)}b`,
    `${"?".repeat(1_000)}*b`,
    `*${"?".repeat(1_000)}b`,
    `${"*?a".repeat(300)}b`,
    `${"a*".repeat(1_000)}c`,
    `${"*ab".repeat(340)}?c`,
    `*${"a".repeat(longest - 20)}`,
    "*a".repeat(3_000),
    `${"*".repeat(6_000)}b`,
    `*${"?".repeat(3_000)}`,
    `*${"a?".repeat(500)}b*${"?".repeat(20)}`,
  ].map((pattern) => pattern.slice(0, longest - head.length));
  let worst = 0;
  for (const pattern of patterns) {
    const policy = compilePolicySet({
      identity: [
        {
          name: "p",
          document: { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: head + pattern } },
        },
      ],
    });
    for (const key of keys) {
      const request = { action: "s3:GetObject", resource: { arn: head + key } };
      for (let i = 0; i < 2_000; i++) policy.allows(request);
      const micros = median(Array.from({ length: 30 * rounds }, () => timed(() => policy.allows(request))));
      worst = Math.max(worst, micros);
    }
  }
  return { patterns: patterns.length, micros: worst };
}

/** Microseconds of one call, the mean of a few: a longer stretch would measure the neighbours. */
function timed(call) {
  const times = 10;
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) call();
  return Number(process.hrtime.bigint() - start) / 1e3 / times;
}
