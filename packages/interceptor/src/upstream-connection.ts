import type { TLSSocket } from "node:tls";

/** The exchange that a connection serves. */
export interface ConnectionUser {
  onData(chunk: Buffer): void;
  /** Upstream says no more. */
  onEnd(): void;
  /** What was written has left. */
  onDrain(): void;
  /** Nothing has moved for a long time. */
  onSilence(): void;
  /** It is over, for good; without an error when nobody said why. */
  onClose(error: Error | undefined): void;
}

/** A TLS connection upstream: serves one exchange after another, and waits in a pool between them. */
export class UpstreamConnection {
  readonly host: string;
  readonly socket: TLSSocket;
  /** Whether it has served an exchange before. */
  reused = false;
  #user: ConnectionUser | undefined;
  #error: Error | undefined;
  #idle: NodeJS.Timeout | undefined;
  #idleMs = 0;
  readonly #onGone: () => void;
  readonly #listeners: [event: string, listener: (argument: never) => void][];

  /** `silenceMs`: of the connection while it serves; `onGone`: it can serve no more. */
  constructor(
    host: string,
    socket: TLSSocket,
    { silenceMs, onGone }: { readonly silenceMs: number; readonly onGone: () => void },
  ) {
    this.host = host;
    this.socket = socket;
    this.#onGone = onGone;
    socket.setTimeout(silenceMs);
    this.#listeners = [
      // Nobody asked for what comes between two exchanges: it must not be taken for the answer to the next.
      ["data", (chunk: Buffer) => (this.#user === undefined ? this.destroy() : this.#user.onData(chunk))],
      ["end", () => (this.#user === undefined ? this.destroy() : this.#user.onEnd())],
      ["drain", () => this.#user?.onDrain()],
      ["timeout", () => this.#user?.onSilence()],
      [
        "error",
        (error: Error) => {
          this.#error = error;
        },
      ],
      [
        "close",
        () => {
          clearTimeout(this.#idle);
          onGone();
          this.#user?.onClose(this.#error);
        },
      ],
    ];
    for (const [event, listener] of this.#listeners) socket.on(event, listener as () => void);
  }

  /** Gives it to an exchange. */
  serve(user: ConnectionUser): void {
    this.#user = user;
  }

  /** The exchange is over; the connection is closed after `idleMs` unless it serves again. */
  rest(idleMs: number): void {
    this.#user = undefined;
    this.reused = true;
    // Its last reader may have had enough for the moment.
    if (this.socket.isPaused()) this.socket.resume();
    // The timer goes on while it serves, and is set back here: to stop and start it each time would cost more.
    if (this.#idle === undefined || this.#idleMs !== idleMs) {
      clearTimeout(this.#idle);
      this.#idleMs = idleMs;
      this.#idle = setTimeout(() => {
        if (this.#user === undefined) this.destroy();
      }, idleMs);
      this.#idle.unref();
    } else this.#idle.refresh();
  }

  /** Lets go of the socket: what comes on it from now on is for whoever listens next. */
  detach(): TLSSocket {
    const { socket } = this;
    clearTimeout(this.#idle);
    this.#user = undefined;
    for (const [event, listener] of this.#listeners) socket.off(event, listener as () => void);
    socket.setTimeout(0);
    this.#onGone();
    return socket;
  }

  /** Cuts it; the exchange that it serves is told. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Cuts it; the exchange that it serves has no more to do with it. */
  abandon(): void {
    this.#user = undefined;
    this.socket.destroy();
  }
}
