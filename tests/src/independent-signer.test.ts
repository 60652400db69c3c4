import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runOk } from "./child.ts";
import { findClient } from "./client.ts";

const script = fileURLToPath(new URL("../clients/signed_requests.py", import.meta.url));
const door = fileURLToPath(new URL("../../conformance/dist/main.js", import.meta.url));
const python = await findClient("Python");

interface Question {
  readonly id: string;
  readonly expect: "verified" | "refused";
  readonly form?: string;
}

interface Verdict {
  readonly id: string;
  readonly result?: string;
  readonly form?: string;
}

describe.skipIf(python.skip)("a signer of another author, in another language", () => {
  test("and the verifier agree on every form: on what is right, and on what is wrong in one place", async () => {
    const asked = await runOk("python3", [script], { env: { PATH: process.env.PATH } });
    const answered = await runOk(process.execPath, [door, "verify"], { env: {}, input: asked });
    const lines = <T>(text: string): readonly T[] =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as T);
    const questions = lines<Question>(asked);
    const verdicts = lines<Verdict>(answered);
    const wrong = questions.filter(({ expect: expected, form }, i) => {
      const verdict = verdicts[i];
      return verdict?.result !== expected || (form !== undefined && verdict.form !== form);
    });
    expect(wrong.map(({ id, expect: expected }) => `${id}: should be ${expected}`)).toEqual([]);
    expect(verdicts.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    expect(questions.filter((one) => one.expect === "verified").length).toBeGreaterThan(200);
    expect(questions.filter((one) => one.expect === "refused").length).toBeGreaterThan(200);
  });
});
