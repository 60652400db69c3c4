import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verbs } from "../src/verbs.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The first two objects in the section of a verb: a question, and its answer. */
function sample(verb: string): readonly [question: string, answer: string] {
  const section = readme.split(`\n## ${verb}\n`)[1]?.split("\n## ")[0] ?? "";
  const [question = "", answer = ""] = section.split("\n").filter((line) => line.startsWith('{"id":'));
  return [question, answer];
}

test.each(["verify", "evaluate", "validate"])(
  "the README's question to %s has the answer that stands there",
  async (verb) => {
    const [question, answer] = sample(verb);
    const ask = await verbs[verb]?.load();
    expect(await ask?.(JSON.parse(question))).toEqual(JSON.parse(answer));
  },
);

test("its command line for resolve is answered, and every verb has a section", async () => {
  const question = /echo '(.+)' \|\n {2}npm run -s conformance -- resolve/.exec(readme)?.[1] ?? "";
  const ask = await verbs.resolve?.load();
  expect(await ask?.(JSON.parse(question))).toMatchObject({
    operations: ["S3.GetObject"],
    checks: [{ action: "s3:GetObject", resource: { arn: "arn:aws:s3:::reports/a.csv" } }],
  });
  for (const verb of Object.keys(verbs)) expect(readme).toContain(`\n## ${verb}\n`);
});
