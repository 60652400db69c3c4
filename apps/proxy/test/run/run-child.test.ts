import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runChild } from "../../src/run/run-child.ts";

let closed: string;

beforeAll(() => {
  closed = mkdtempSync(join(tmpdir(), "iap-closed-"));
  chmodSync(closed, 0o000);
});

afterAll(() => rmSync(closed, { recursive: true, force: true }));

function run(command: readonly string[], path: string): Promise<number> {
  return runChild({ command, env: { PATH: path }, signals: process });
}

describe("a command that cannot be started", () => {
  test("is not found: 127", async () => {
    await expect(run(["no-such-command"], "/usr/bin:/bin")).rejects.toMatchObject({ shellCode: 127 });
  });

  // To root no directory is closed.
  test.skipIf(process.getuid?.() === 0)(
    "is not found where a directory of PATH may not be searched, too: 127",
    async () => {
      await expect(run(["no-such-command"], `${closed}:/bin`)).rejects.toMatchObject({ shellCode: 127 });
    },
  );

  test("is no program: 126", async () => {
    await expect(run(["/"], "/bin")).rejects.toMatchObject({ shellCode: 126 });
  });
});
