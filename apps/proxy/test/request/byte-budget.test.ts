import { AwsError } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBudget } from "../../src/request/byte-budget.ts";

test("one key cannot take more than its part", () => {
  const share = new ByteBudget({ total: 100, perKey: 40 }).open("A");
  share.reserve(40);
  expect(() => share.reserve(1)).toThrow(AwsError);
  expect(() => share.reserve(1)).toThrow(/Too many request bodies are held/);
});

test("all keys together cannot take more than there is", () => {
  const budget = new ByteBudget({ total: 100, perKey: 60 });
  budget.open("A").reserve(60);
  budget.open("B").reserve(40);
  expect(() => budget.open("C").reserve(1)).toThrow(expect.objectContaining({ code: "ServiceUnavailable" }));
});

test("the requests of one key share its part", () => {
  const budget = new ByteBudget({ total: 100, perKey: 40 });
  const [one, two] = [budget.open("A"), budget.open("A")];
  one.reserve(30);
  expect(() => two.reserve(11)).toThrow();
  two.reserve(10);
  one.release();
  two.reserve(30);
});

test("what was refused holds nothing, and releasing twice gives nothing back twice", () => {
  const budget = new ByteBudget({ total: 10, perKey: 10 });
  const [one, two] = [budget.open("A"), budget.open("B")];
  one.reserve(6);
  expect(() => two.reserve(5)).toThrow();
  two.release();
  one.release();
  one.release();
  two.reserve(10);
  expect(() => one.reserve(1)).toThrow();
});

interface Step {
  readonly who: number;
  readonly bytes: number | "release";
}

test("whatever comes and goes, the bounds hold, and in the end all of it is free again", () => {
  const step = fc.record<Step>({
    who: fc.nat(5),
    bytes: fc.oneof(fc.nat(30), fc.constant("release" as const)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new ByteBudget({ total: 100, perKey: 50 });
      const shares = Array.from({ length: 6 }, (_, i) => budget.open(i < 3 ? "A" : `key-${i}`));
      const held = shares.map(() => 0);
      for (const { who, bytes } of steps) {
        if (bytes === "release") {
          shares[who]?.release();
          held[who] = 0;
          continue;
        }
        const ofKey = who < 3 ? held.slice(0, 3) : [held[who] ?? 0];
        const fits = sum(held) + bytes <= 100 && sum(ofKey) + bytes <= 50;
        if (fits) {
          shares[who]?.reserve(bytes);
          held[who] = (held[who] ?? 0) + bytes;
        } else {
          expect(() => shares[who]?.reserve(bytes)).toThrow();
        }
      }
      for (const share of shares) share.release();
      budget.open("B").reserve(50);
      budget.open("C").reserve(50);
    }),
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
