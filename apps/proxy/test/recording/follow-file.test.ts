import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followFile } from "../../src/recording/follow-file.ts";

let dir: string;
let file: string;
let stop: AbortController;
let lines: AsyncGenerator<string, void>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-follow-"));
  file = join(dir, "log");
  stop = new AbortController();
  lines = followFile(file, { stop: stop.signal });
});
afterEach(async () => {
  stop.abort();
  await lines.return();
  rmSync(dir, { recursive: true });
});

/** The next line, asked for before `change` makes it: what is followed is open by then. */
async function next(change: () => void): Promise<string | undefined> {
  const asked = lines.next();
  change();
  return (await asked).value ?? undefined;
}

test("lines that were there are not told, those that are added are, once they are whole", async () => {
  writeFileSync(file, "old\n");
  expect(await next(() => appendFileSync(file, "one\ntw"))).toBe("one");
  expect(await next(() => appendFileSync(file, "o\n"))).toBe("two");
});

test("a file that comes later is told from its beginning", async () => {
  expect(await next(() => writeFileSync(file, "first\n"))).toBe("first");
});

test("a file that is renamed is told to its end, and then the new one", async () => {
  writeFileSync(file, "");
  expect(await next(() => appendFileSync(file, "one\n"))).toBe("one");
  const last = await next(() => {
    appendFileSync(file, "last\n");
    renameSync(file, join(dir, "moved"));
    writeFileSync(file, "first\n");
  });
  expect(last).toBe("last");
  expect(await next(() => {})).toBe("first");
});

test("a file that is emptied, as logrotate's copytruncate does, is told from its beginning", async () => {
  writeFileSync(file, "something long\n");
  expect(await next(() => appendFileSync(file, "one\nhal"))).toBe("one");
  expect(
    await next(() => {
      truncateSync(file, 0);
      appendFileSync(file, "first\n");
    }),
  ).toBe("first");
});

test("what is added before it is stopped is told", async () => {
  writeFileSync(file, "");
  expect(await next(() => appendFileSync(file, "one\ntwo\n"))).toBe("one");
  stop.abort();
  expect((await lines.next()).value).toBe("two");
  expect((await lines.next()).done).toBe(true);
});
