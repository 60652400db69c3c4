import { chmod, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { UsageError } from "./usage-error.ts";

/** What a running proxy answers to a command. */
export interface ControlAnswer {
  readonly ok: boolean;
  readonly message: string;
}

export interface ControlSocketOptions {
  readonly path: string;
  /** Does what a `reload` asks for, and says what came of it. */
  readonly reload: () => Promise<ControlAnswer>;
}

const noSuchCommand: ControlAnswer = { ok: false, message: "there is no such command" };
const mostCharacters = 1024;
const patienceMs = 10_000;

/**
 * Listens on a Unix socket in the data directory, which only its owner can enter, for commands of `iam-agent-proxy`: one
 * line in, one line of JSON out. A socket that a crashed proxy left is replaced.
 */
export async function serveControl({ path, reload }: ControlSocketOptions): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > mostCharacters) socket.destroy();
      const end = text.indexOf("\n");
      if (end < 0 || socket.destroyed) return;
      socket.removeAllListeners("data");
      const command = text.slice(0, end);
      const answered = command === "reload" ? reload() : Promise.resolve(noSuchCommand);
      void answered.then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  if (await answers(path)) throw new Error(`another proxy listens at ${path}`);
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  // Whatever a connection does, the proxy goes on.
  server.on("error", () => {});
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.on("connect", end(true));
    socket.on("error", end(false));
  });
}

/** Asks the proxy whose data directory this is. Throws `UsageError` when there is none. */
export function askProxy(path: string, command: "reload"): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = "";
    const fail = (why: string): void => {
      socket.destroy();
      reject(
        new UsageError(
          `no proxy answers at ${path} (${why}). Is one running with this --dir? \`kill -HUP PID\` has the same effect.`,
          { exitCode: 1 },
        ),
      );
    };
    socket.setEncoding("utf8");
    socket.setTimeout(patienceMs, () => fail("it does not answer"));
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("close", () => {
      try {
        // `as`: the other end is this program.
        resolve(JSON.parse(text) as ControlAnswer);
      } catch {
        fail("its answer is cut off");
      }
    });
    socket.on("connect", () => socket.write(`${command}\n`));
  });
}
