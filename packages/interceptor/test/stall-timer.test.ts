import { expect, test } from "vitest";
import { stallTimer } from "../src/stall-timer.ts";
import { delay } from "./harness.ts";

test("it calls once nothing has moved for its time", async () => {
  let stalled = 0;
  stallTimer(20, () => stalled++);
  await delay(100);
  expect(stalled).toBe(1);
});

test("it does not call while paused, and begins anew with the next refresh", async () => {
  let stalled = 0;
  const timer = stallTimer(20, () => stalled++);
  timer.pause();
  await delay(60);
  expect(stalled).toBe(0);
  timer.refresh();
  await delay(100);
  expect(stalled).toBe(1);
});
