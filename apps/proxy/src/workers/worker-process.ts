import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { UsageError } from "../usage-error.ts";
import type { FromWorker, PolicyTexts, ToWorker } from "./worker-messages.ts";

/** How long a worker may take to go by new policies. */
const reloadMs = 5_000;

export interface WorkerProcessEvents {
  /** Of the policies that count. */
  readonly policyVersion: () => string | undefined;
  readonly onReady: () => void;
  readonly onMessage: (message: FromWorker) => void;
  /** The process has ended; `sockets`: of connections that never reached it. */
  readonly onEnded: (why: string, sockets: readonly Socket[]) => void;
}

/** One worker, as the first process knows it: a process of its own that goes by the policies that count, or is killed. */
export class WorkerProcess {
  /** Resolves when it serves; rejects with a `UsageError` when it ends before. */
  readonly ready: Promise<void>;
  isReady = false;
  readonly #child: ChildProcess;
  readonly #events: WorkerProcessEvents;
  readonly #ended: Promise<void>;
  /** Connections on their way to it. */
  readonly #handing = new Set<Socket>();
  #why: string | undefined;
  #reloaded: (() => void) | undefined;

  constructor(env: Readonly<Record<string, string | undefined>>, events: WorkerProcessEvents) {
    this.#events = events;
    this.#child = fork(fileURLToPath(new URL("./worker-main.js", import.meta.url)), {
      env: { ...env },
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const child = this.#child;
    let serves!: () => void;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#why ??= error.message;
        if (child.pid === undefined) resolve();
      });
      child.once("exit", (code, signal) => {
        this.#why ??= signal ?? `exit status ${code}`;
        resolve();
      });
    });
    this.ready = new Promise((resolve, reject) => {
      serves = resolve;
      void this.#ended.then(() =>
        reject(new UsageError(`a worker of the proxy did not start: ${this.#why}`, { exitCode: 1 })),
      );
    });
    // Whoever waits for it is told; nobody need.
    this.ready.catch(() => {});
    void this.#ended.then(() => {
      this.isReady = false;
      this.#reloaded?.();
      const sockets = [...this.#handing];
      this.#handing.clear();
      events.onEnded(this.#why ?? "", sockets);
    });
    child.once("disconnect", () => {
      this.isReady = false;
    });
    child.on("message", (message: FromWorker) => {
      if (message.type === "ready" || message.type === "reloaded") this.#goesBy(message.policyVersion);
      if (message.type === "failed") this.#why = message.message;
      if (message.type !== "ready") return events.onMessage(message);
      if (this.#why !== undefined) return;
      this.isReady = true;
      serves();
      events.onReady();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToWorker): void {
    // Of what cannot be told, the process' end tells.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Gives it a connection. */
  handOver(socket: Socket): void {
    this.#handing.add(socket);
    const message: ToWorker = { type: "connection" };
    // Kept open here until it has left: one that did not is another worker's.
    this.#child.send(message, socket, { keepOpen: true }, (error) => {
      if (error === null && this.#handing.delete(socket)) socket.destroy();
    });
  }

  /** Resolves when it goes by these policies, or has ended. */
  async reload(policies: PolicyTexts): Promise<void> {
    if (!this.isReady) {
      // It says when it is ready what it goes by.
      this.send({ type: "policies", policies });
      return;
    }
    const timer = setTimeout(() => this.#end("it did not go by new policies in time"), reloadMs);
    const reloaded = new Promise<void>((resolve) => {
      this.#reloaded = resolve;
    });
    this.send({ type: "policies", policies });
    await Promise.race([reloaded, this.#ended]);
    clearTimeout(timer);
  }

  async close(graceMs: number): Promise<void> {
    this.send({ type: "close", graceMs });
    // An exchange may take a second more to write down its end.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs + 3_000);
    await this.#ended;
    clearTimeout(timer);
  }

  #goesBy(policyVersion: string | undefined): void {
    if (policyVersion !== this.#events.policyVersion()) this.#end("it went by other policies than the proxy");
    else this.#reloaded?.();
  }

  #end(why: string): void {
    this.#why ??= why;
    this.isReady = false;
    this.#child.kill("SIGKILL");
  }
}
