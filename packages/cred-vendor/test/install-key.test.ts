import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InstallKeyError, openInstallKey } from "../src/index.ts";

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-install-"));
  path = join(dir, "proxy", "install.key");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("the key is made on first use, private, and read after", async () => {
  const first = await openInstallKey(path);
  expect((await openInstallKey(path)).equals(first)).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, "proxy"))).mode & 0o777).toBe(0o700);
  expect(await readFile(path)).toHaveLength(32);
  expect(await readdir(join(dir, "proxy"))).toEqual(["install.key"]);
});

test("starts at the same time agree on one key", async () => {
  const keys = await Promise.all(Array.from({ length: 16 }, () => openInstallKey(path)));
  expect(keys.every((key) => key.equals(keys[0] as typeof key))).toBe(true);
  expect(await readdir(join(dir, "proxy"))).toEqual(["install.key"]);
});

test.each([0o640, 0o604, 0o660])(
  "a key that others can reach (mode %o) is refused, with the command that helps",
  async (mode) => {
    await openInstallKey(path);
    await chmod(path, mode);
    await expect(openInstallKey(path)).rejects.toMatchObject({ code: "insecurePermissions", path });
    await expect(openInstallKey(path)).rejects.toThrow(`chmod 600 ${path}`);
  },
);

test.each([0, 31, 33, 64])("a key of %i bytes is refused, and stays", async (length) => {
  await mkdir(join(dir, "proxy"));
  await writeFile(path, Buffer.alloc(length, 7), { mode: 0o600 });
  await expect(openInstallKey(path)).rejects.toMatchObject({ code: "malformed" });
  expect(await readFile(path)).toHaveLength(length);
});

test("a key that is a directory is refused", async () => {
  await mkdir(path, { recursive: true });
  await expect(openInstallKey(path)).rejects.toBeInstanceOf(InstallKeyError);
});
