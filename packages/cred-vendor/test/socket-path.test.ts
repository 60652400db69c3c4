import { execFile } from "node:child_process";
import { link, lstat, mkdir, mkdtemp, readdir, type rename, rm, symlink, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isServing, publishSocket, removeSocket } from "../src/socket-path.ts";

/** What another process does just before a step of ours. The file system is the real one. */
const before: { lstat?: ((path: string) => Promise<void>) | undefined; rename?: typeof rename | undefined } = {};

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    lstat: async (path: string, options: { bigint: true }) => {
      await before.lstat?.(path);
      return real.lstat(path, options);
    },
    rename: async (from: string, to: string) => {
      const { rename: meanwhile } = before;
      before.rename = undefined;
      await meanwhile?.(from, to);
      return real.rename(from, to);
    },
  };
});

let dir: string;
let bound: string;
let socketPath: string;
let servers: Server[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-path-"));
  bound = join(dir, ".bound");
  socketPath = join(dir, "creds.sock");
  servers = [];
});
afterEach(async () => {
  before.lstat = undefined;
  before.rename = undefined;
  for (const server of servers) await new Promise((done) => server.close(done));
  await rm(dir, { recursive: true, force: true });
});

async function listen(path: string): Promise<string> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((done) => server.listen(path, done));
  servers.push(server);
  return identity(path);
}

async function identity(path: string): Promise<string> {
  const { dev, ino, mtimeNs } = await lstat(path, { bigint: true });
  return `${dev}:${ino}:${mtimeNs}`;
}

describe("a name is taken", () => {
  test("for the socket that was bound, and no other", async () => {
    const ours = await listen(bound);
    expect(await publishSocket(bound, socketPath)).toBe(ours);
    expect(await identity(socketPath)).toBe(ours);
  });

  test("when who had it goes away while we look", async () => {
    const ours = await listen(bound);
    await writeFile(socketPath, "");
    before.lstat = (path) => (path === socketPath ? rm(path, { force: true }) : Promise.resolve());
    expect(await publishSocket(bound, socketPath)).toBe(ours);
    before.lstat = undefined;
    expect(await identity(socketPath)).toBe(ours);
  });

  // link(2) of a directory fails as that of a socket does on such a file system: EPERM.
  test("by renaming where the file system has no links", async () => {
    await mkdir(bound);
    const ours = await identity(bound);
    expect(await publishSocket(bound, socketPath)).toBe(ours);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("never by renaming over a live socket, not even over one that came in the same moment", async () => {
    await mkdir(bound);
    before.lstat = async (path) => {
      if (path !== socketPath) return;
      before.lstat = undefined;
      await listen(socketPath);
    };
    await expect(publishSocket(bound, socketPath)).rejects.toMatchObject({ code: "alreadyServing" });
    expect(await isServing(socketPath)).toBe(true);
    expect((await readdir(dir)).sort()).toEqual([".bound", "creds.sock"]);
  });

  test("only where it can be", async () => {
    await listen(bound);
    await expect(publishSocket(bound, join(dir, "nowhere", "creds.sock"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a name is given up", () => {
  test("if it is there", async () => {
    const ours = await listen(bound);
    await removeSocket(socketPath, ours);
    expect(await readdir(dir)).toEqual([".bound"]);
  });

  test("with an error when it cannot be looked at", async () => {
    await writeFile(join(dir, "file"), "");
    await expect(removeSocket(join(dir, "file", "creds.sock"), "1:2:3")).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  test("without an error when it goes by itself meanwhile", async () => {
    const ours = await listen(socketPath);
    before.rename = (from) => rm(from as string);
    await removeSocket(socketPath, ours);
    expect(await readdir(dir)).toEqual([]);
  });

  test("with an error when it cannot be moved", async () => {
    const ours = await listen(socketPath);
    before.rename = async (_, to) => void (await mkdir(to as string));
    await expect(removeSocket(socketPath, ours)).rejects.toMatchObject({ syscall: "rename" });
    expect(await identity(socketPath)).toBe(ours);
  });

  test("not when another takes it in the same moment: the other keeps it", async () => {
    const theirs = await listen(bound);
    const ours = await listen(socketPath);
    before.rename = async () => {
      await rm(socketPath);
      await link(bound, socketPath);
      await rm(bound);
    };
    await removeSocket(socketPath, ours);
    expect(await identity(socketPath)).toBe(theirs);
    expect(await isServing(socketPath)).toBe(true);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });
});

describe("whether somebody serves there", () => {
  test("is not guessed when it cannot be known", async () => {
    await symlink(socketPath, socketPath);
    await expect(isServing(socketPath)).rejects.toMatchObject({ code: "ELOOP" });
  });

  // Elsewhere connect(2) tells a full backlog as it tells that nobody is there.
  test.runIf(process.platform === "linux")("is true of a process too busy to answer", async () => {
    const script = `require("node:net").createServer().listen({ path: ${JSON.stringify(socketPath)}, backlog: 1 }, () => {
      require("node:fs").writeSync(1, "up");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    })`;
    const child = execFile(process.execPath, ["-e", script]);
    const exited = new Promise((done) => child.once("exit", done));
    const waiting: Socket[] = [];
    try {
      await new Promise((ready) => child.stdout?.once("data", ready));
      for (let full = false; !full; ) {
        const socket = createConnection(socketPath);
        waiting.push(socket);
        full = await new Promise<boolean>((done) => {
          socket.once("connect", () => done(false));
          socket.once("error", () => done(true));
        });
      }
      expect(await isServing(socketPath)).toBe(true);
    } finally {
      for (const socket of waiting) socket.destroy();
      child.kill("SIGKILL");
      await exited;
    }
  });
});
