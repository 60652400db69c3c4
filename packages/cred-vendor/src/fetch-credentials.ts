import { createConnection } from "node:net";
import {
  type CredentialProcessOutput,
  maxAnswerBytes,
  parseAnswer,
  parseCredentials,
  protocolVersion,
} from "./vending-protocol.ts";

export interface FetchOptions {
  readonly socketPath: string;
  /** For the whole exchange, in milliseconds; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
}

export type VendingErrorKind =
  /** Nothing listens at the path. */
  | "notRunning"
  /** The socket belongs to another user. */
  | "notPermitted"
  | "timeout"
  /** What answered does not speak the protocol. */
  | "garbled"
  /** The proxy answered with an error; `code` is its. */
  | "refused";

/** Why the running proxy gave nothing. The message is one line, and says what to do. */
export class VendingError extends Error {
  override readonly name = "VendingError";
  readonly kind: VendingErrorKind;
  /** With `refused`: the proxy's code. */
  readonly code: string | undefined;

  constructor(kind: VendingErrorKind, message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
  }
}

/** The agent credentials that the proxy at the socket hands out now. Throws `VendingError`. */
export async function fetchCredentials(options: FetchOptions): Promise<CredentialProcessOutput> {
  const credentials = parseCredentials(await ask("credentials", {}, options));
  if (credentials === undefined) throw garbled(options.socketPath);
  return credentials;
}

/** Asks the proxy at the socket for a verb's result. Throws `VendingError`. */
export async function ask(
  verb: string,
  members: Readonly<Record<string, unknown>>,
  { socketPath, timeoutMs = 5000 }: FetchOptions,
): Promise<unknown> {
  const request = `${JSON.stringify({ ...members, version: protocolVersion, verb })}\n`;
  const answer = parseAnswer(await exchange(request, socketPath, timeoutMs));
  if (answer === undefined) throw garbled(socketPath);
  if ("error" in answer) {
    const { code, message } = answer.error;
    throw new VendingError(
      "refused",
      `iam-agent-proxy at ${socketPath} answered ${oneLine(code)}: ${oneLine(message)}`,
      {
        code,
      },
    );
  }
  return answer.result;
}

function exchange(request: string, socketPath: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path: socketPath });
    const chunks: Buffer[] = [];
    let length = 0;
    const late = setTimeout(() => {
      fail(
        new VendingError(
          "timeout",
          `iam-agent-proxy at ${socketPath} did not answer within ${timeoutMs} ms. Look at its terminal; if it hangs, restart it.`,
        ),
      );
    }, timeoutMs);
    const done = (line: string): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(line);
    };
    const fail = (error: VendingError): void => {
      clearTimeout(late);
      socket.destroy();
      reject(error);
    };
    socket.once("connect", () => socket.write(request));
    socket.on("data", (chunk: Buffer) => {
      const newline = chunk.indexOf(0x0a);
      const part = newline < 0 ? chunk : chunk.subarray(0, newline);
      chunks.push(part);
      length += part.length;
      if (length > maxAnswerBytes) fail(garbled(socketPath));
      else if (newline >= 0) done(Buffer.concat(chunks).toString("utf8"));
    });
    socket.once("end", () => fail(garbled(socketPath)));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(connectionError(error, socketPath)));
  });
}

function connectionError(error: NodeJS.ErrnoException, socketPath: string): VendingError {
  const { code } = error;
  const start = "Start it in another terminal: iam-agent-proxy";
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new VendingError(
      "notRunning",
      `iam-agent-proxy is not running: there is no socket ${socketPath}. ${start}`,
      {
        cause: error,
      },
    );
  }
  if (code === "ECONNREFUSED") {
    return new VendingError("notRunning", `iam-agent-proxy is not running: nobody answers at ${socketPath}. ${start}`, {
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new VendingError(
      "notPermitted",
      `The socket ${socketPath} belongs to another user. Run the agent as the user who started iam-agent-proxy.`,
      { cause: error },
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE") return garbled(socketPath);
  return new VendingError(
    "notRunning",
    `The socket ${socketPath} cannot be used (${oneLine(error.message)}). ${start}`,
    {
      cause: error,
    },
  );
}

function garbled(socketPath: string): VendingError {
  return new VendingError(
    "garbled",
    `What answered at ${socketPath} is not this version of iam-agent-proxy. Check PROXY_SOCK_PATH, and restart the proxy.`,
  );
}

/** Text from the other side, fit for one line of a terminal. */
function oneLine(text: string): string {
  return text.slice(0, 500).replaceAll(/[^\x20-\x7e]+/g, " ");
}
