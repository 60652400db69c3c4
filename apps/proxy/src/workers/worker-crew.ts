import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { UpstreamRef, Upstreams } from "@iap/aws-core";
import { type ListenOptions, listenOn } from "@iap/interceptor";
import type { UpstreamIdentity } from "../identity.ts";
import type { Settings } from "../options.ts";
import type { PolicyFiles } from "../policy-source.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import type { RoleSession, RoleSessions } from "../virtual/role-sessions.ts";
import {
  type FromWorker,
  type Question,
  receivedSession,
  sentCredentials,
  sentError,
  sentSession,
  type ToWorker,
} from "./worker-messages.ts";

export interface WorkerCrewOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly version: string;
  readonly agent: string;
  readonly run: string;
  readonly activityFile: string;
  readonly policies: PolicyFiles;
  /** All sessions, whichever worker opened them. */
  readonly sessions: Pick<RoleSessions, "get" | "adopt">;
  readonly identity: Pick<UpstreamIdentity, "current">;
  /** What requests are signed with. */
  readonly own: Upstreams;
  /** What lies about somewhere. */
  readonly source: Upstreams;
}

/** Connections that wait for a worker, when none is there. */
const maxWaiting = 1024;
/** How long a worker may take to go by new policies. */
const reloadMs = 5_000;
/** How long a session that nobody knows may still be on its way from the worker that opened it. */
const sessionMs = 1_000;
/** A worker that ends sooner than this is replaced later each time, up to the longest. */
const shortLifeMs = 2_000;
const longestDelayMs = 5_000;

/**
 * The processes that serve requests for `--workers N`. This process accepts connections and hands each to the next worker;
 * it alone has the real credentials' provider, the policy files and every session, of which workers ask. A worker that
 * ends is replaced. One that does not go by the policies that count is ended.
 */
export class WorkerCrew {
  readonly #options: WorkerCrewOptions;
  readonly #ticketKeys = randomBytes(48);
  readonly #workers = new Set<Worker>();
  readonly #waiting: Socket[] = [];
  readonly #expected = new Map<UpstreamRef, Set<(session: RoleSession) => void>>();
  #servers: readonly Server[] = [];
  #next = 0;
  #delayMs = 0;
  #closing = false;

  constructor(options: WorkerCrewOptions) {
    this.#options = options;
  }

  /** Listens, and resolves with the port once every worker serves. Rejects with Node's `EADDRINUSE` and the like. */
  async listen(options: ListenOptions): Promise<number> {
    const { port, servers } = await listenOn(
      () =>
        createServer({ pauseOnConnect: true }, (socket) => {
          socket.on("error", () => socket.destroy());
          this.#onConnection(socket);
        }),
      options,
    );
    this.#servers = servers;
    await Promise.all(Array.from({ length: this.#options.settings.workers }, () => this.#start().ready));
    return port;
  }

  /** Has every worker go by the policies that count now; resolves when no other one is left. */
  async reload(): Promise<void> {
    const policies = this.#options.policies.texts;
    await Promise.all([...this.#workers].map((worker) => worker.reload(policies)));
  }

  /** Lets requests under way finish for `graceMs`, or until `hurry`, and ends all workers. */
  async close({
    graceMs,
    hurry,
  }: {
    readonly graceMs: number;
    readonly hurry?: Promise<void> | undefined;
  }): Promise<void> {
    this.#closing = true;
    for (const server of this.#servers) server.close();
    for (const socket of this.#waiting) socket.destroy();
    const ended = [...this.#workers].map((worker) => worker.close(graceMs));
    void hurry?.then(() => {
      for (const worker of this.#workers) worker.send({ type: "hurry" });
    });
    await Promise.all(ended);
  }

  #start(): Worker {
    const { settings, version, agent, run, activityFile, policies, env } = this.#options;
    const started = performance.now();
    const worker = new Worker(env, {
      policyVersion: () => policies.current(agent)?.version,
      onReady: () => this.#onReady(),
      onMessage: (message) => this.#onMessage(worker, message),
      onEnded: (why, sockets) => {
        this.#workers.delete(worker);
        for (const socket of sockets) this.#onConnection(socket);
        if (!this.#closing) this.#replace(worker, why, performance.now() - started);
      },
    });
    this.#workers.add(worker);
    worker.send({
      type: "job",
      job: { settings, version, agent, run, activityFile, ticketKeys: this.#ticketKeys, policies: policies.texts },
    });
    return worker;
  }

  #replace({ pid }: Worker, why: string, livedMs: number): void {
    this.#delayMs = livedMs > shortLifeMs ? 0 : Math.min(longestDelayMs, this.#delayMs * 2 + 100);
    this.#options.terminal.warn(`worker ${pid} has ended (${why}); another takes its place`);
    setTimeout(() => {
      // That it fails again is told when it does.
      if (!this.#closing) this.#start().ready.catch(() => {});
    }, this.#delayMs);
  }

  #onConnection(socket: Socket): void {
    if (socket.destroyed) return;
    const ready = [...this.#workers].filter(({ isReady }) => isReady);
    if (ready.length > 0) {
      this.#next = (this.#next + 1) % ready.length;
      ready[this.#next]?.handOver(socket);
    } else if (this.#waiting.length < maxWaiting && !this.#closing) this.#waiting.push(socket);
    else socket.destroy();
  }

  #onReady(): void {
    for (const socket of this.#waiting.splice(0)) this.#onConnection(socket);
  }

  #onMessage(worker: Worker, message: FromWorker): void {
    if (message.type === "session") {
      const session = receivedSession(message.session);
      this.#options.sessions.adopt(message.ref, session);
      for (const found of this.#expected.get(message.ref) ?? []) found(session);
    } else if (message.type === "question") {
      const { id } = message;
      this.#answer(message.question).then(
        (value) => worker.send({ type: "answer", id, value }),
        (error) => worker.send({ type: "answer", id, error: sentError(error) }),
      );
    }
  }

  async #answer(question: Question): Promise<unknown> {
    const { own, source, identity } = this.#options;
    switch (question.ask) {
      case "credentials": {
        const credentials = await own.credentials("default", question.agent);
        return { credentials: sentCredentials(credentials), identity: identity.current(credentials) };
      }
      case "realKey":
        return (await source.credentials("default")).accessKeyId;
      case "session": {
        const session = await this.#session(question.ref);
        return session === undefined ? undefined : sentSession(session);
      }
    }
  }

  /** A session. The word of the worker that opened it, and that of its agent to another, come by different ways. */
  #session(ref: UpstreamRef): Promise<RoleSession | undefined> {
    const known = this.#options.sessions.get(ref);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const waiting = this.#expected.get(ref) ?? new Set();
      this.#expected.set(ref, waiting);
      const done = (session: RoleSession | undefined): void => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0) this.#expected.delete(ref);
        resolve(session);
      };
      const timer = setTimeout(() => done(undefined), sessionMs);
      waiting.add(done);
    });
  }
}

interface WorkerEvents {
  /** Of the policies that count. */
  readonly policyVersion: () => string | undefined;
  readonly onReady: () => void;
  readonly onMessage: (message: FromWorker) => void;
  /** The process has ended; `sockets`: of connections that never reached it. */
  readonly onEnded: (why: string, sockets: readonly Socket[]) => void;
}

/** One worker's process. */
class Worker {
  /** Resolves when it serves; rejects with a `UsageError` when it ends before. */
  readonly ready: Promise<void>;
  isReady = false;
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  readonly #ended: Promise<void>;
  /** Connections on their way to it. */
  readonly #handing = new Set<Socket>();
  #why: string | undefined;
  #reloaded: (() => void) | undefined;

  constructor(env: WorkerCrewOptions["env"], events: WorkerEvents) {
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
  async reload(policies: ReadonlyMap<string, string>): Promise<void> {
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
