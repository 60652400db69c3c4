import { expect, test } from "vitest";
import { ChunkMemory } from "../src/chunk-memory.ts";

test("memory that comes back is used again, for what fits in it", () => {
  const memory = new ChunkMemory();
  const first = memory.take(100);
  memory.release(first);
  const second = memory.take(60);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(60);
  memory.release(second);
  expect(memory.take(101).buffer).not.toBe(first.buffer);
});

test("memory in use is nobody else's, and comes back once", () => {
  const memory = new ChunkMemory();
  const [first, second] = [memory.take(10), memory.take(10)];
  expect(first.buffer).not.toBe(second.buffer);
  memory.release(first);
  memory.release(first);
  memory.release(Buffer.alloc(10));
  const [third, fourth] = [memory.take(10), memory.take(10)];
  expect(third.buffer).toBe(first.buffer);
  expect(fourth.buffer).not.toBe(first.buffer);
});

test("at most a mebibyte is kept", () => {
  const memory = new ChunkMemory();
  const taken = Array.from({ length: 4 }, () => memory.take(1 << 19));
  for (const buffer of taken) memory.release(buffer);
  const again = Array.from({ length: 4 }, () => memory.take(1 << 19));
  const reused = again.filter(({ buffer }) => taken.some((before) => before.buffer === buffer));
  expect(reused).toHaveLength(2);
  const long = memory.take((1 << 20) + 1);
  memory.release(long);
  expect(memory.take((1 << 20) + 1).buffer).not.toBe(long.buffer);
});
