import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
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

test.runIf(process.geteuid?.() === 0)(
  "a key of another user is refused, with the command that helps (needs root, to give a file away)",
  async () => {
    const spaced = join(dir, "the proxy's", "install.key");
    await openInstallKey(spaced);
    await chown(spaced, 65534, 65534);
    const quoted = `'${dir}/the proxy'\\''s/install.key'`;
    await expect(openInstallKey(spaced)).rejects.toMatchObject({ code: "insecurePermissions", path: spaced });
    await expect(openInstallKey(spaced)).rejects.toThrow("belongs to another user");
    await expect(openInstallKey(spaced)).rejects.toThrow(`sudo chown "$(id -u)" ${quoted} && chmod 600 ${quoted}`);
  },
);

test("a key that cannot be reached is an error, and not a key to make", async () => {
  await writeFile(join(dir, "proxy"), "a file");
  await expect(openInstallKey(path)).rejects.toMatchObject({ code: "unreadable", path });
  expect(await readFile(join(dir, "proxy"), "utf8")).toBe("a file");
});

test("a link to nothing is no place for a key, and stays", async () => {
  await mkdir(join(dir, "proxy"));
  await symlink(join(dir, "nowhere"), path);
  await expect(openInstallKey(path)).rejects.toMatchObject({ code: "unreadable" });
  await expect(openInstallKey(path)).rejects.toThrow(`rm ${path}`);
  expect(await readdir(dir)).toEqual(["proxy"]);
  expect(await readdir(join(dir, "proxy"))).toEqual(["install.key"]);
});

test("a name that no file can take leaves nothing behind", async () => {
  await expect(openInstallKey(`${path}/`)).rejects.toMatchObject({ syscall: "link" });
  expect(await readdir(join(dir, "proxy"))).toEqual([]);
});

test("a key that is a directory is refused", async () => {
  await mkdir(path, { recursive: true });
  await expect(openInstallKey(path)).rejects.toBeInstanceOf(InstallKeyError);
});
