import { execFile } from "node:child_process";
import { createSecretKey } from "node:crypto";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createConnection, createServer, type ServerOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentKey, Credentials } from "@iap/aws-core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  AgentKeyRotation,
  ask,
  type CredentialServer,
  fetchCredentials,
  isServing,
  KeyVendor,
  type ServeCredentialsOptions,
  serveCredentials,
  VendingError,
  VerbError,
} from "../src/index.ts";
import { credentialProcessOutput } from "../src/serve-credentials.ts";

const vendor = new KeyVendor({ installKey: createSecretKey(Buffer.alloc(32, 1)) });
const rotation = new AgentKeyRotation({ vendor, agent: "a", session: "s", ttlSeconds: 3600 });
const key = rotation.current(new Date());
let dir: string;
let socketPath: string;
let open: CredentialServer[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-sock-"));
  socketPath = join(dir, "creds.sock");
  open = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.map((server) => server.close()));
  await rm(dir, { recursive: true, force: true });
});

async function serve(options: Partial<ServeCredentialsOptions> = {}): Promise<CredentialServer> {
  const server = await serveCredentials({ socketPath, current: (): AgentKey => key, ...options });
  open.push(server);
  return server;
}

describe("what is served", () => {
  test("the current key, as credential_process prints it", async () => {
    await serve();
    expect(await fetchCredentials({ socketPath })).toEqual({
      Version: 1,
      AccessKeyId: key.credentials.accessKeyId,
      SecretAccessKey: key.credentials.secretAccessKey,
      SessionToken: key.credentials.sessionToken,
      Expiration: key.notAfter.toISOString().replace(".000Z", "Z"),
    });
  });

  test("many clients at once", async () => {
    await serve();
    const all = await Promise.all(Array.from({ length: 40 }, () => fetchCredentials({ socketPath })));
    expect(new Set(all.map(({ AccessKeyId }) => AccessKeyId))).toEqual(new Set([key.credentials.accessKeyId]));
  });

  test("further verbs, with members of their own", async () => {
    await serve({ verbs: { token: ({ cluster }) => ({ token: `for ${String(cluster)}` }), nothing: () => undefined } });
    expect(await ask("token", { cluster: "c" }, { socketPath })).toEqual({ token: "for c" });
    expect(await ask("nothing", {}, { socketPath })).toBeNull();
  });

  test("a verb's own refusal, word for word", async () => {
    const deny = (): never => {
      throw new VerbError("denied", "The policy does not allow eks:AccessKubernetesApi.");
    };
    await serve({ verbs: { token: deny } });
    await expect(ask("token", {}, { socketPath })).rejects.toMatchObject({ kind: "refused", code: "denied" });
    await expect(ask("token", {}, { socketPath })).rejects.toThrow(/does not allow eks:AccessKubernetesApi/);
  });

  test("a verb's failure is for our log, not for the client", async () => {
    const errors: unknown[] = [];
    const failure = new Error("secret detail");
    await serve({ current: () => Promise.reject(failure), onError: (error) => errors.push(error) });
    const error = await fetchCredentials({ socketPath }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "refused", code: "internal" });
    expect(String(error)).not.toContain("secret detail");
    expect(errors).toEqual([failure]);
  });

  test("a verb's failure is kept from the client where nobody asked for it, too", async () => {
    await serve({ current: () => Promise.reject(new Error("secret detail")) });
    const error = await fetchCredentials({ socketPath }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "refused", code: "internal" });
    expect(String(error)).not.toContain("secret detail");
  });

  test("a key without a session token, which could be one of AWS's, is not", () => {
    const credentials = new Credentials({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" });
    expect(() => credentialProcessOutput({ ...key, credentials })).toThrow(TypeError);
  });

  test("an unknown verb is refused", async () => {
    await serve();
    await expect(ask("constructor", {}, { socketPath })).rejects.toMatchObject({ code: "unknownVerb" });
    await expect(ask("__proto__", {}, { socketPath })).rejects.toMatchObject({ code: "unknownVerb" });
  });
});

describe("the socket file", () => {
  test("is this user's alone, from the first moment", async () => {
    const before = process.umask(0);
    try {
      await serve();
    } finally {
      process.umask(before);
    }
    const stats = await lstat(socketPath);
    expect(stats.isSocket()).toBe(true);
    expect(stats.mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("leaves the umask of the process as it was", async () => {
    const before = process.umask(0o022);
    await serve();
    expect(process.umask(before)).toBe(0o022);
  });

  test("is removed at the end, and so is nothing else", async () => {
    const server = await serve();
    await server.close();
    await server.close();
    expect(await readdir(dir)).toEqual([]);
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notRunning" });
  });

  test("that took our name meanwhile stays when we end", async () => {
    const server = await serve();
    await rename(socketPath, join(dir, "moved"));
    const other = createServer((socket) => socket.end());
    await new Promise<void>((done) => other.listen(socketPath, done));
    await server.close();
    expect(await isServing(socketPath)).toBe(true);
    await new Promise((done) => other.close(done));
  });

  test("of a process that was killed is replaced", async () => {
    const script = `require("node:net").createServer().listen(${JSON.stringify(socketPath)}, () => console.log("up"))`;
    const child = execFile(process.execPath, ["-e", script]);
    await new Promise((ready) => child.stdout?.once("data", ready));
    await expect(serve()).rejects.toMatchObject({ code: "alreadyServing" });
    child.kill("SIGKILL");
    await new Promise((exit) => child.once("exit", exit));
    expect((await lstat(socketPath)).isSocket()).toBe(true);
    await serve();
    expect((await fetchCredentials({ socketPath })).AccessKeyId).toBe(key.credentials.accessKeyId);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("of a live proxy is respected", async () => {
    await serve();
    await expect(serve()).rejects.toThrow(`another iam-agent-proxy is serving ${socketPath}`);
    expect((await fetchCredentials({ socketPath })).Version).toBe(1);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("goes to one of many that start at once over a dead one", async () => {
    const dead = createServer();
    await new Promise<void>((done) => dead.listen(join(dir, "dead"), done));
    await rename(join(dir, "dead"), socketPath);
    await new Promise((done) => dead.close(done));
    expect((await lstat(socketPath)).isSocket()).toBe(true);
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => serve()));
    expect(starts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await fetchCredentials({ socketPath })).Version).toBe(1);
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("is not made over something else", async () => {
    await writeFile(socketPath, "mine");
    await expect(serve()).rejects.toMatchObject({ code: "notASocket" });
    expect(await readdir(dir)).toEqual(["creds.sock"]);
  });

  test("is not made in a directory that others can enter", async () => {
    await chmod(dir, 0o750);
    await expect(serve()).rejects.toThrow(`chmod 700 ${dir}`);
    await chmod(dir, 0o700);
    await expect(serve({ socketPath: "/tmp/creds.sock" })).rejects.toMatchObject({ code: "insecurePermissions" });
  });

  test.runIf(process.geteuid?.() === 0)(
    "is not made in a directory of another user (needs root, to give a directory away)",
    async () => {
      await chown(dir, 65534, 65534);
      await expect(serve()).rejects.toMatchObject({ code: "insecurePermissions" });
      await expect(serve()).rejects.toThrow(`${dir} belongs to another user`);
      await expect(serve()).rejects.toThrow(/Choose another with PROXY_SOCK_PATH/);
      expect(await readdir(dir)).toEqual([]);
    },
  );

  test("is not made where there are no file modes to keep others out", async () => {
    vi.spyOn(process, "platform", "get").mockReturnValue("win32");
    await expect(serve()).rejects.toMatchObject({ code: "unsupported" });
    expect(await readdir(dir)).toEqual([]);
  });

  test("has a shorter path on macOS", async () => {
    vi.spyOn(process, "platform", "get").mockReturnValue("darwin");
    const path = (bytes: number): string =>
      join(dir, "d".repeat(bytes - dir.length - "//creds.sock".length), "creds.sock");
    await serve({ socketPath: path(103) });
    await expect(serve({ socketPath: path(104) })).rejects.toMatchObject({ code: "pathTooLong" });
  });

  test("is made in a directory that is made for it", async () => {
    const nested = join(dir, "a", "creds.sock");
    await serve({ socketPath: nested });
    expect((await stat(join(dir, "a"))).mode & 0o777).toBe(0o700);
  });

  test("with a path of 107 bytes works, and with more is a clear error", async () => {
    const limit = process.platform === "linux" ? 107 : 103;
    const fits = join(dir, "d".repeat(limit - dir.length - "//creds.sock".length), "creds.sock");
    expect(fits).toHaveLength(limit);
    await serve({ socketPath: fits });
    expect((await fetchCredentials({ socketPath: fits })).Version).toBe(1);
    const long = join(dir, "d".repeat(limit), "creds.sock");
    await expect(serve({ socketPath: long })).rejects.toThrow(/Choose a shorter one/);
    await mkdir(join(dir, "ü".repeat(40)), { mode: 0o700 });
    const bytes = join(dir, "ü".repeat(40), "creds.sock");
    await expect(serve({ socketPath: bytes })).rejects.toMatchObject({ code: "pathTooLong" });
  });
});

describe("clients that misbehave", () => {
  test("get an error for what is no request", async () => {
    await serve();
    const code = async (text: string): Promise<unknown> =>
      (JSON.parse(await raw(text)) as { error: { code: unknown } }).error.code;
    expect(await code("\n")).toBe("badRequest");
    expect(await code("hello\n")).toBe("badRequest");
    expect(await code("[1]\n")).toBe("badRequest");
    expect(await code('{"version":1}\n')).toBe("badRequest");
    expect(await code('{"version":1,"verb":5}\n')).toBe("badRequest");
    expect(await code('{"version":2,"verb":"credentials"}\n')).toBe("unsupportedVersion");
    expect(await code('{"version":1,"verb":"dance"}\n')).toBe("unknownVerb");
    expect(await code("x".repeat(4097))).toBe("requestTooLong");
    expect(await code("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("badRequest");
  });

  test("get an answer to a request in pieces, and to one with more behind it", async () => {
    await serve();
    const request = '{"version":1,"verb":"credentials"}\n';
    expect(await raw(...request)).toContain("AccessKeyId");
    expect(await raw(`${request}${"x".repeat(200_000)}`)).toContain("AccessKeyId");
  });

  test("whatever they send, get one line, and the next client is served", async () => {
    await serve({ timeoutMs: 200 });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
      fc.json().map((text) => Buffer.from(`${text}\n`)),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(`${text}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), async (pieces) => {
        const line = await raw(...pieces, null);
        expect(line).toMatch(/^\{"version":1,.*\}\n$/);
        expect(JSON.parse(line)).toMatchObject({ error: { code: expect.stringMatching(/^[a-zA-Z]+$/) } });
      }),
      { numRuns: 150 },
    );
    expect((await fetchCredentials({ socketPath })).Version).toBe(1);
  });

  test("are cut off when they say nothing, or never leave", async () => {
    await serve({ timeoutMs: 50 });
    expect(await raw()).toContain('"timeout"');
    expect(await raw('{"version":1')).toContain('"timeout"');
    const socket = await connected();
    socket.write('{"version":1,"verb":"credentials"}\n');
    socket.pause();
    const closed = new Promise((done) => socket.once("close", done));
    await sleep(100);
    socket.resume();
    await closed;
  });

  test("beyond the limit are told so, and those before them are served", async () => {
    await serve({ maxConnections: 2, timeoutMs: 5000 });
    const first = [await connected(), await connected()];
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "refused", code: "busy" });
    for (const socket of first) socket.destroy();
    await sleep(20);
    expect((await fetchCredentials({ socketPath })).Version).toBe(1);
  });

  test("do not keep the server from closing", async () => {
    const server = await serve();
    const socket = await connected();
    const closed = new Promise((done) => socket.once("close", done));
    await server.close();
    await closed;
  });
});

describe("a client learns what is wrong", () => {
  test("when there is no socket, or nobody behind it", async () => {
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notRunning" });
    await expect(fetchCredentials({ socketPath })).rejects.toThrow(/Start it in another terminal: iam-agent-proxy/);
    await writeFile(socketPath, "");
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notRunning" });
    await expect(fetchCredentials({ socketPath: join(socketPath, "x") })).rejects.toMatchObject({ kind: "notRunning" });
  });

  test("when the socket is what a crashed proxy left", async () => {
    const dead = createServer();
    await new Promise<void>((done) => dead.listen(join(dir, "dead"), done));
    await rename(join(dir, "dead"), socketPath);
    await new Promise((done) => dead.close(done));
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notRunning" });
    await expect(fetchCredentials({ socketPath })).rejects.toThrow(`nobody answers at ${socketPath}`);
  });

  test("when the socket is another user's", async () => {
    await serve();
    await chmod(dir, 0);
    // Root may enter any directory: it becomes somebody else for the length of a call.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notPermitted" });
    } finally {
      if (root) process.seteuid?.(0);
      await chmod(dir, 0o700);
    }
  });

  test("when the path leads nowhere", async () => {
    await symlink(socketPath, socketPath);
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "notRunning" });
    await expect(fetchCredentials({ socketPath })).rejects.toThrow(/cannot be used \(.*ELOOP.*\)/);
  });

  test("when the connection is reset", async () => {
    // Closed with the request unread.
    await peer((socket) => void sleep(20).then(() => socket.destroy()), { pauseOnConnect: true });
    await expect(fetchCredentials({ socketPath })).rejects.toMatchObject({ kind: "garbled" });
  });

  test("when nothing is answered in time", async () => {
    await peer(() => {});
    await expect(fetchCredentials({ socketPath, timeoutMs: 50 })).rejects.toMatchObject({ kind: "timeout" });
  });

  test.each([
    ["an empty line", "\n"],
    ["no line at all", ""],
    ["HTML", "<html>\n"],
    ["another version", '{"version":2,"result":{}}\n'],
    ["no result", '{"version":1}\n'],
    ["an error of another form", '{"version":1,"error":"no"}\n'],
    ["a result that is no credentials", '{"version":1,"result":{"Version":1,"AccessKeyId":"a"}}\n'],
    [
      "a date that is none",
      '{"version":1,"result":{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","Expiration":"soon"}}\n',
    ],
    ["a flood", "x".repeat(70_000)],
  ])("when the answer is %s", async (_, answer) => {
    await peer((socket) => socket.end(answer));
    const error = await fetchCredentials({ socketPath }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(VendingError);
    expect(error).toMatchObject({ kind: "garbled" });
  });

  test("in one line of plain text, whatever the other side says", async () => {
    await peer((socket) => socket.end('{"version":1,"error":{"code":"a\\u001b[31m","message":"b\\nc"}}\n'));
    const error = await fetchCredentials({ socketPath }).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(/^[\x20-\x7e]+$/);
  });
});

async function connected(): Promise<Socket> {
  const socket = createConnection({ path: socketPath });
  socket.on("error", () => {});
  await new Promise((done) => socket.once("connect", done));
  return socket;
}

/** What the server answers to the pieces, sent one by one; null ends our side. */
async function raw(...pieces: readonly (string | Buffer | null)[]): Promise<string> {
  const socket = await connected();
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise((done) => socket.once("close", done));
  for (const piece of pieces) {
    if (piece === null) socket.end();
    else socket.write(piece);
  }
  await closed;
  return Buffer.concat(chunks).toString("utf8");
}

/** Something else that listens at the socket's path. */
async function peer(onConnection: (socket: Socket) => void, options: ServerOpts = {}): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((done) => server.listen(socketPath, done));
  open.push({
    socketPath,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
    [Symbol.asyncDispose]: async () => {},
  });
}
