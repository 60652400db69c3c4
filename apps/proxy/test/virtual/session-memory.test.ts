import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./session-memory.mjs", import.meta.url));

async function sessions(count: number): Promise<{ readonly size: number; readonly bytes: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, String(count)]);
  return JSON.parse(stdout);
}

test("10,000 sessions take less than 4 KB each, and however many come no more than 20,000 are kept", async () => {
  const tenThousand = await sessions(10_000);
  expect(tenThousand.size).toBe(10_000);
  expect(tenThousand.bytes).toBeLessThan(10_000 * 4096);
  const many = await sessions(50_000);
  expect(many.size).toBe(20_000);
  expect(many.bytes).toBeLessThan(20_000 * 4096);
}, 60_000);
