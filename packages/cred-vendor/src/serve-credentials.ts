import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { resolve } from "node:path";
import type { AgentKey } from "@iap/aws-core";
import { type FileIdentity, nameBeside, prepareSocketDirectory, publishSocket, removeSocket } from "./socket-path.ts";
import {
  type CredentialProcessOutput,
  maxRequestBytes,
  parseRequest,
  protocolVersion,
  type VendingErrorCode,
  type VendingRequest,
  VerbError,
} from "./vending-protocol.ts";
import { VendingSocketError } from "./vending-socket-error.ts";

/** Answers one kind of request; what it returns is sent as JSON. */
export type Verb = (request: VendingRequest) => unknown;

export interface ServeCredentialsOptions {
  /** Where to listen; its directory is made with mode 0700, or must be so and this user's. */
  readonly socketPath: string;
  /** The agent key to hand out now. */
  readonly current: () => AgentKey | Promise<AgentKey>;
  /** Further things to ask for, by name. */
  readonly verbs?: Readonly<Record<string, Verb>> | undefined;
  /** How long a client may take for its request and for reading the answer, in milliseconds; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How many clients are served at once; 64 by default. */
  readonly maxConnections?: number | undefined;
  /** Told of what a verb throws that is no `VerbError`, and of a failing listener. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A vending socket that is open. */
export interface CredentialServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Stops serving, ends connections, and removes the socket if it is still this one's. */
  close(): Promise<void>;
}

/**
 * Hands out agent credentials on a Unix socket that only this user can reach (mode 0600, in a directory of mode 0700).
 * The socket of a crashed run is replaced; a live one is respected. Throws `VendingSocketError`.
 */
export async function serveCredentials(options: ServeCredentialsOptions): Promise<CredentialServer> {
  const { current, verbs = {}, timeoutMs = 5000, maxConnections = 64, onError = () => {} } = options;
  const socketPath = resolve(options.socketPath);
  if (process.platform === "win32") {
    throw new VendingSocketError(
      "unsupported",
      socketPath,
      "Unix sockets with file modes are needed; Windows has none.",
    );
  }
  const handlers = new Map<string, Verb>(Object.entries(verbs));
  handlers.set("credentials", async () => credentialProcessOutput(await current()));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that leaves early is no event.
    socket.on("error", () => socket.destroy());
    if (sockets.size > maxConnections) {
      finish(socket, errorLine("busy", "Too many clients at once. Try again."), timeoutMs);
      return;
    }
    serveOne(socket, { handlers, timeoutMs, onError });
  });
  // Far above what is answered politely, connections are dropped unanswered.
  server.maxConnections = maxConnections * 2;

  await prepareSocketDirectory(socketPath);
  const bound = nameBeside(socketPath);
  let identity: FileIdentity;
  try {
    await listen(server, bound);
    identity = await publishSocket(bound, socketPath);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(bound, { force: true });
  }
  server.on("error", onError);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await removeSocket(socketPath, identity);
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    })();
    return closing;
  };
  return { socketPath, close, [Symbol.asyncDispose]: close };
}

/** An agent key as `credential_process` prints it. */
export function credentialProcessOutput({ credentials, notAfter }: AgentKey): CredentialProcessOutput {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  if (sessionToken === undefined) throw new TypeError("An agent key without a session token cannot be vended.");
  return {
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    // Without milliseconds: some SDKs' parsers take whole seconds only.
    Expiration: notAfter.toISOString().replace(/\.\d{3}Z$/, "Z"),
  };
}

interface ServeOneOptions {
  readonly handlers: ReadonlyMap<string, Verb>;
  readonly timeoutMs: number;
  readonly onError: (error: unknown) => void;
}

function serveOne(socket: Socket, { handlers, timeoutMs, onError }: ServeOneOptions): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = setTimeout(() => {
    stop();
    finish(socket, errorLine("timeout", `No request line within ${timeoutMs} ms.`), timeoutMs);
  }, timeoutMs);
  const stop = (): void => {
    clearTimeout(late);
    socket.off("data", onData);
    socket.off("end", onEnd);
    // What follows the request line is read and dropped, so that the client sees our answer and not a reset.
    socket.resume();
  };
  const onEnd = (): void => {
    stop();
    finish(socket, errorLine("badRequest", "The request line does not end."), timeoutMs);
  };
  const onData = (chunk: Buffer): void => {
    const newline = chunk.indexOf(0x0a);
    const part = newline < 0 ? chunk : chunk.subarray(0, newline);
    length += part.length;
    if (length > maxRequestBytes) {
      stop();
      const message = `A request is one line of at most ${maxRequestBytes} bytes.`;
      finish(socket, errorLine("requestTooLong", message), timeoutMs);
      return;
    }
    chunks.push(part);
    if (newline < 0) return;
    stop();
    answer(Buffer.concat(chunks).toString("utf8"), handlers, onError).then(
      (line) => finish(socket, line, timeoutMs),
      (error: unknown) => {
        onError(error);
        finish(socket, errorLine("internal", "The proxy could not answer; its log says why."), timeoutMs);
      },
    );
  };
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.once("close", () => clearTimeout(late));
}

async function answer(
  line: string,
  handlers: ReadonlyMap<string, Verb>,
  onError: (error: unknown) => void,
): Promise<string> {
  try {
    const request = parseRequest(line);
    const handler = handlers.get(request.verb);
    if (handler === undefined) {
      return errorLine("unknownVerb", "This proxy does not know what is asked for: update it or its client.");
    }
    return `${JSON.stringify({ version: protocolVersion, result: (await handler(request)) ?? null })}\n`;
  } catch (error) {
    if (error instanceof VerbError) return errorLine(error.code, error.message);
    onError(error);
    return errorLine("internal", "The proxy could not answer; its log says why.");
  }
}

function errorLine(code: VendingErrorCode | (string & {}), message: string): string {
  return `${JSON.stringify({ version: protocolVersion, error: { code, message } })}\n`;
}

/** Sends the last line, and lets go of a client that does not read it or does not leave. */
function finish(socket: Socket, line: string, timeoutMs: number): void {
  const deadline = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(deadline));
  socket.resume();
  socket.end(line, () => socket.destroySoon());
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    // The mode is right from the start where the umask can be set; worker threads cannot, and have the directory's.
    const restore = tightenUmask();
    try {
      server.listen({ path, backlog: 128 });
    } finally {
      restore();
    }
    server.once("listening", () => {
      server.off("error", fail);
      chmod(path, 0o600).then(done, fail);
    });
  });
}

function tightenUmask(): () => void {
  try {
    const before = process.umask(0o177);
    return () => process.umask(before);
  } catch {
    return () => {};
  }
}
