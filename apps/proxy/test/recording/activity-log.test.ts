import { execFile } from "node:child_process";
import type * as Fs from "node:fs";
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { activityFiles } from "../../src/recording/activity-files.ts";
import { ActivityLog, rotatedName } from "../../src/recording/activity-log.ts";
import { decidedRecord, finishedRecord } from "../sample-records.ts";

/** What a disk and other processes may do to the log, at will: each write takes so many bytes at most, while there are such. */
const disk = vi.hoisted(() => ({ takes: [] as number[], beforeRename: undefined as (() => void) | undefined }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  return {
    ...fs,
    writeSync(fd: number, bytes: Uint8Array): number {
      const most = disk.takes.shift() ?? bytes.length;
      return most === 0 ? 0 : fs.writeSync(fd, bytes, 0, Math.min(most, bytes.length));
    },
    renameSync(from: string, to: string): void {
      const before = disk.beforeRename;
      disk.beforeRename = undefined;
      before?.();
      fs.renameSync(from, to);
    },
  };
});

let dir: string;
let activityFile: string;
let actionFile: string;
let log: ActivityLog;
const errors: Error[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-log-"));
  activityFile = join(dir, "activity.jsonl");
  actionFile = join(dir, "actions.log");
  errors.length = 0;
  disk.takes = [];
  log = await open();
});
afterEach(async () => {
  await log.close().catch(() => {});
  await rm(dir, { recursive: true, force: true });
});

function open(rotateBytes?: number): Promise<ActivityLog> {
  return ActivityLog.open({ activityFile, actionFile, rotateBytes, onError: (error) => errors.push(error) });
}

function lines(file: string): string[] {
  const text = readFileSync(file, "utf8");
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text.split("\n").slice(0, -1);
}

function ids(): string[] {
  return lines(activityFile).map((line) => (JSON.parse(line) as { id: string }).id);
}

test("both files are the user's alone", () => {
  expect(statSync(activityFile).mode & 0o777).toBe(0o600);
  expect(statSync(actionFile).mode & 0o777).toBe(0o600);
});

test("a decided record is in the file when its promise resolves", async () => {
  for (let i = 0; i < 50; i++) {
    const record = decidedRecord({ id: `id-${i}` });
    await log.decided(record);
    expect(JSON.parse(lines(activityFile).at(-1) ?? "")).toEqual(record);
    expect(lines(actionFile)).toHaveLength(i + 1);
  }
});

test("a finished record follows by itself", async () => {
  await log.decided(decidedRecord());
  log.finished(finishedRecord());
  await log.close();
  expect(lines(activityFile).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    "decided",
    "finished",
  ]);
});

test("the action log has a line for each action of what was let through, and nothing of what was not", async () => {
  const check = decidedRecord().checks[0];
  const acl = check === undefined ? [] : [check, { ...check, action: "s3:GetObjectAcl" }, check];
  await log.decided(decidedRecord({ checks: acl }));
  await log.decided(decidedRecord({ forwarded: false }));
  await log.decided(decidedRecord({ marker: "unknown", operations: [], checks: [] }));
  await log.decided(
    decidedRecord({ service: "sts", operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] }),
  );
  expect(lines(actionFile)).toEqual(["s3:GetObject", "s3:GetObjectAcl", "sts:GetCallerIdentity"]);
  expect(lines(activityFile)).toHaveLength(4);
});

test("records that come together keep their order", async () => {
  const wanted = Array.from({ length: 2_000 }, (_, i) => `id-${i}`);
  await Promise.all(
    wanted.map((id, i) => {
      if (i % 3 === 0) return log.finished(finishedRecord({ id }));
      return log.decided(decidedRecord({ id }));
    }),
  );
  await log.close();
  expect(ids()).toEqual(wanted);
  expect(errors).toEqual([]);
});

test("closing loses nothing that was given before", async () => {
  for (let i = 0; i < 500; i++) log.finished(finishedRecord({ id: `id-${i}` }));
  await log.close();
  expect(ids()).toHaveLength(500);
});

test("what is there already stays", async () => {
  await log.decided(decidedRecord({ id: "first" }));
  await log.close();
  log = await open();
  await log.decided(decidedRecord({ id: "second" }));
  expect(ids()).toEqual(["first", "second"]);
});

test("a line torn by a crash is ended, so that the next stands by itself", async () => {
  await log.close();
  appendFileSync(activityFile, '{"v":1,"type":"deci');
  appendFileSync(actionFile, "s3:Get");
  log = await open();
  await log.decided(decidedRecord({ id: "next" }));
  const [torn, next = ""] = lines(activityFile);
  expect(torn).toBe('{"v":1,"type":"deci');
  expect(JSON.parse(next)).toMatchObject({ id: "next" });
  expect(lines(actionFile)).toEqual(["s3:Get", "s3:GetObject"]);
});

test("a line torn by a crash is ended when the log is opened, though nothing follows", async () => {
  await log.close();
  appendFileSync(activityFile, '{"v":1,"type":"deci');
  log = await open();
  expect(lines(activityFile)).toEqual(['{"v":1,"type":"deci']);
});

test("two logs that append to one file leave whole lines", async () => {
  const other = await open();
  const big = "x".repeat(5_000);
  const writes = Array.from({ length: 300 }, (_, i) =>
    (i % 2 === 0 ? log : other).decided(decidedRecord({ id: `id-${i}`, host: `${big}.amazonaws.com` })),
  );
  await Promise.all(writes);
  await other.close();
  expect(new Set(ids()).size).toBe(300);
  expect(lines(actionFile).every((line) => line === "s3:GetObject")).toBe(true);
});

test("line breaks in a request cannot forge a line", async () => {
  await log.decided(decidedRecord({ host: 'a\n{"v":1,"type":"decided"}\u2028' }));
  expect(lines(activityFile)).toHaveLength(1);
});

test("a file that cannot be opened rejects, and leaves no other open", async () => {
  await log.close();
  writeFileSync(join(dir, "file"), "");
  actionFile = join(dir, "file", "actions.log");
  await expect(open()).rejects.toThrow(/ENOTDIR/);
  activityFile = join(dir, "absent", "activity.jsonl");
  await expect(open()).rejects.toMatchObject({ code: "ENOENT" });
});

test("a record that cannot be written rejects; one that nobody waits for is told", async () => {
  await log.close();
  await expect(log.decided(decidedRecord())).rejects.toThrow();
  log.finished(finishedRecord());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(errors).toHaveLength(1);
});

// /dev/full takes no byte: writing to it fails as on a full disk.
test.skipIf(process.platform !== "linux")(
  "on a full disk a decided record rejects with the system's error",
  async () => {
    await log.close();
    activityFile = "/dev/full";
    log = await open();
    await expect(log.decided(decidedRecord())).rejects.toMatchObject({ code: "ENOSPC" });
  },
);

// The system cuts a write short at the file size limit, as it does at the end of a disk.
test.skipIf(process.platform === "win32")("a line cut short by a full disk is ended before the next", async () => {
  await log.close();
  const module = new URL("../../dist/recording/activity-log.js", import.meta.url).href;
  const script = `
    import { truncateSync } from "node:fs";
    const { ActivityLog } = await import(${JSON.stringify(module)});
    const record = ${JSON.stringify(decidedRecord())};
    const log = await ActivityLog.open({
      activityFile: ${JSON.stringify(activityFile)}, actionFile: ${JSON.stringify(actionFile)}, onError: () => {},
    });
    let failed = "";
    for (let i = 0; failed === "" && i < 1000; i++) await log.decided(record).catch(({ code }) => (failed = code));
    truncateSync(${JSON.stringify(activityFile)}, 3000);
    await log.decided({ ...record, id: "after" });
    await log.close();
    console.log(failed);`;
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    'ulimit -f 8; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    script,
  ]);
  expect(stdout).toBe("EFBIG\n");
  const kept = lines(activityFile);
  expect(JSON.parse(kept.at(-1) ?? "")).toMatchObject({ id: "after" });
  expect(() => JSON.parse(kept.at(-2) ?? "")).toThrow();
});

test("however writes are cut short, every record stands on a line of its own, in order, and the rest is torn pieces", async () => {
  const records = Array.from({ length: 4 }, (_, i) => decidedRecord({ id: `id-${i}`, forwarded: false }));
  const texts = records.map((record) => JSON.stringify(record));
  const lineLength = (texts[0] ?? "").length + 1;
  // About the end of a line as often as anywhere.
  const cut = fc.oneof(
    fc.constantFrom(1, 2, lineLength - 1, lineLength, lineLength + 1),
    fc.integer({ min: 1, max: 3 * lineLength }),
  );
  const cuts = fc.array(cut, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, async (takes) => {
      truncateSync(activityFile, 0);
      disk.takes = [...takes];
      await Promise.all(records.map((record) => log.decided(record)));
      disk.takes = [];
      const written = lines(activityFile);
      const torn = written.filter((line) => !texts.includes(line));
      expect(torn.filter((line) => line === "" || !texts.some((text) => text.startsWith(line)))).toEqual([]);
      // One of which only the line break was cut off is written again.
      const whole = written.filter((line) => texts.includes(line));
      expect(whole.filter((line, i) => line !== whole[i - 1])).toEqual(texts);
    }),
  );
});

test("a record of which nothing can be written rejects, though the system tells no error", async () => {
  disk.takes = [10, 0];
  await expect(log.decided(decidedRecord({ forwarded: false }))).rejects.toThrow("takes no more");
  await log.decided(decidedRecord({ id: "next", forwarded: false }));
  expect(lines(activityFile).map((line) => line.length)).toEqual([10, expect.any(Number)]);
  expect(JSON.parse(lines(activityFile)[1] ?? "")).toMatchObject({ id: "next" });
});

describe("a log that is full", () => {
  const idsIn = (file: string): string[] => lines(file).map((line) => (JSON.parse(line) as { id: string }).id);

  test("is renamed, and begun anew; its files together hold every record once, in order", async () => {
    await log.close();
    log = await open(2_000);
    for (let i = 0; i < 40; i++) await log.decided(decidedRecord({ id: `id-${String(i).padStart(2, "0")}` }));
    const files = activityFiles(activityFile);
    expect(files.length).toBeGreaterThan(5);
    expect(files.at(-1)).toBe(activityFile);
    expect(files.flatMap(idsIn)).toEqual(Array.from({ length: 40 }, (_, i) => `id-${String(i).padStart(2, "0")}`));
    for (const file of files) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(file).size).toBeLessThan(3_000);
    }
    expect(lines(actionFile)).toHaveLength(40);
  });

  test("never, without a size", async () => {
    for (let i = 0; i < 40; i++) await log.decided(decidedRecord());
    expect(readdirSync(dir).sort()).toEqual(["actions.log", "activity.jsonl"]);
  });

  test("has names that sort by time and are never alike", () => {
    const at = (second: number): string =>
      rotatedName("/d/activity.jsonl", new Date(Date.UTC(2026, 10, 24, 2, 24, second)));
    expect(at(27)).toMatch(/^\/d\/activity-20261124T022427000Z-[0-9a-f]{6}\.jsonl$/);
    expect([at(9), at(10)].sort()).toEqual([at(9), at(10)].map((name) => expect.stringContaining(name.slice(0, 31))));
    expect(at(27)).not.toBe(at(27));
    expect(rotatedName("/d/audit", new Date(0))).toMatch(/^\/d\/audit-19700101T000000000Z-[0-9a-f]{6}$/);
  });

  test("is not renamed when somebody else has emptied it", async () => {
    await log.close();
    log = await open(1);
    await log.decided(decidedRecord({ id: "before" }));
    truncateSync(activityFile, 0);
    await log.decided(decidedRecord({ id: "after" }));
    expect(activityFiles(activityFile)).toEqual([activityFile]);
    expect(ids()).toEqual(["after"]);
  });

  test("that another process renames at that moment is begun anew all the same", async () => {
    await log.close();
    log = await open(1);
    await log.decided(decidedRecord({ id: "before" }));
    disk.beforeRename = () => renameSync(activityFile, join(dir, "moved.jsonl"));
    await log.decided(decidedRecord({ id: "after" }));
    expect(idsIn(join(dir, "moved.jsonl"))).toEqual(["before"]);
    expect(readdirSync(dir).sort()).toEqual(["actions.log", "activity.jsonl", "moved.jsonl"]);
    expect(ids()).toEqual(["after"]);
  });

  test("and cannot be renamed takes no record, and says why", async () => {
    await log.close();
    // With the time of its renaming, this is a longer name than file systems take.
    activityFile = join(dir, `${"a".repeat(240)}.jsonl`);
    log = await open(1);
    await log.decided(decidedRecord({ id: "before" }));
    await expect(log.decided(decidedRecord({ id: "after" }))).rejects.toMatchObject({ code: "ENAMETOOLONG" });
    expect(ids()).toEqual(["before"]);
  });

  test.each([1_000_000, undefined])("that somebody else renamed is followed, with the size %s", async (size) => {
    await log.close();
    log = await open(size);
    await log.decided(decidedRecord({ id: "before" }));
    renameSync(activityFile, join(dir, "moved.jsonl"));
    rmSync(actionFile);
    // It looks where its path leads once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await log.decided(decidedRecord({ id: "after" }));
    expect(idsIn(join(dir, "moved.jsonl"))).toEqual(["before"]);
    expect(idsIn(activityFile)).toEqual(["after"]);
    expect(lines(actionFile)).toEqual(["s3:GetObject"]);
  });
});

// Each process has its own idea of the time and of the file's size; what they share is the folder.
test("several proxies that append to one log, and rename it, leave whole lines, each record once", async () => {
  await log.close();
  const module = new URL("../../dist/recording/activity-log.js", import.meta.url).href;
  const [processes, records] = [4, 150];
  const script = `
    const { ActivityLog } = await import(${JSON.stringify(module)});
    const record = ${JSON.stringify(decidedRecord({ host: "x".repeat(6_000) }))};
    const name = process.argv[1];
    const log = await ActivityLog.open({
      activityFile: ${JSON.stringify(activityFile)}, actionFile: ${JSON.stringify(actionFile)},
      rotateBytes: 200_000, onError: (error) => { throw error; },
    });
    for (let i = 0; i < ${records}; i++) {
      await log.decided({ ...record, id: name + "-" + i });
      if (i % 5 === 0) log.finished({ ...${JSON.stringify(finishedRecord())}, id: name + "-end-" + i });
    }
    await log.close();`;
  await Promise.all(
    Array.from({ length: processes }, (_, i) =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, `p${i}`]),
    ),
  );
  const files = activityFiles(activityFile);
  expect(files.length).toBeGreaterThan(3);
  // One that opens the log while another is kept from finishing its write for long may add an empty line, never more.
  const written = files.flatMap((file) => lines(file)).filter((line) => line !== "");
  const all = written.map((line) => (JSON.parse(line) as { id: string }).id);
  expect(all).toHaveLength(processes * (records + records / 5));
  expect(new Set(all).size).toBe(all.length);
  const actions = lines(actionFile).filter((line) => line !== "");
  expect(actions.filter((line) => line !== "s3:GetObject")).toEqual([]);
  expect(actions).toHaveLength(processes * records);
}, 60_000);
