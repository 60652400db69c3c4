import { createSecretKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minLeftSeconds } from "../src/agent-key-rotation.ts";
import { AgentKeyRotation, KeyVendor } from "../src/index.ts";

const vendor = new KeyVendor({ installKey: createSecretKey(Buffer.alloc(32, 1)) });
const start = new Date("2026-01-01T00:00:00Z");
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const rotate = (ttlSeconds: number): AgentKeyRotation =>
  new AgentKeyRotation({ vendor, agent: "a", session: "s", ttlSeconds });

test("the key is the same until it nears its end, and then a new one", () => {
  const rotation = rotate(3600);
  const first = rotation.current(start);
  expect(rotation.current(after(2400))).toBe(first);
  const second = rotation.current(after(2401));
  expect(second.credentials.accessKeyId).not.toBe(first.credentials.accessKeyId);
  expect(second).toMatchObject({ agent: "a", session: "s", upstream: "default", notAfter: after(2401 + 3600) });
});

test("the old key is valid to its own end", () => {
  const rotation = rotate(3600);
  const first = rotation.current(start);
  rotation.current(after(3000));
  const found = vendor.lookup(first.credentials.accessKeyId, first.credentials.sessionToken);
  expect(found?.notAfter).toEqual(after(3600));
});

test("a key that was made while the clock was ahead is not handed out when it is right again", () => {
  const rotation = rotate(3600);
  const ahead = rotation.current(after(86_400.9));
  expect(rotation.current(after(86_400))).toBe(ahead);
  const right = rotation.current(start);
  expect(right.notAfter).toEqual(after(3600));
  expect(rotation.current(start)).toBe(right);
});

const ttls = fc.integer({ min: 60, max: 129_600 });
const times = fc.array(fc.nat(20_000), { minLength: 1, maxLength: 30 });

test("a key is never given out expired, nor with less than a third of a short life left", () =>
  fc.assert(
    fc.property(ttls, times, (ttlSeconds, steps) => {
      const rotation = rotate(ttlSeconds);
      let at = 0;
      for (const step of steps) {
        at += step;
        const left = (rotation.current(after(at)).notAfter.getTime() - after(at).getTime()) / 1000;
        expect(left).toBeGreaterThanOrEqual(minLeftSeconds(ttlSeconds));
        expect(left).toBeGreaterThanOrEqual(Math.min(ttlSeconds / 3, 900));
      }
    }),
  ));

test("with a life of an hour or more, botocore never asks again within five minutes", () =>
  fc.assert(
    fc.property(fc.integer({ min: 3600, max: 129_600 }), times, (ttlSeconds, steps) => {
      const rotation = rotate(ttlSeconds);
      let at = 0;
      for (const step of steps) {
        at += step;
        const left = (rotation.current(after(at)).notAfter.getTime() - after(at).getTime()) / 1000;
        expect(left - 15 * 60).toBeGreaterThanOrEqual(5 * 60);
      }
    }),
  ));

describe("how much of a key must be left", () => {
  test.each([
    [60, 20],
    [900, 300],
    [1800, 1000],
    [3600, 1200],
    [43_200, 1200],
  ])("with a life of %i s, %i s", (ttlSeconds, left) => {
    expect(minLeftSeconds(ttlSeconds)).toBe(left);
  });

  test("less than the life itself, always", () =>
    fc.assert(fc.property(ttls, (ttlSeconds) => minLeftSeconds(ttlSeconds) < ttlSeconds)));
});

test.each([0, 59, 60.5, 129_601, Number.NaN])("a life of %d s is refused", (ttlSeconds) => {
  expect(() => rotate(ttlSeconds)).toThrow(/from 60 to 129600/);
});
