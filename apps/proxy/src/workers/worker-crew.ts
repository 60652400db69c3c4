import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { UpstreamRef, Upstreams } from "@iap/aws-core";
import { type ListenOptions, listenOn } from "@iap/interceptor";
import type { Settings } from "../options.ts";
import type { PolicyFiles } from "../policies/policy-source.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { UpstreamIdentity } from "../upstream/identity.ts";
import type { RoleSession, RoleSessions } from "../virtual/role-sessions.ts";
import {
  type FromWorker,
  type Question,
  receivedSession,
  sentCredentials,
  sentError,
  sentSession,
} from "./worker-messages.ts";
import { WorkerProcess } from "./worker-process.ts";

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
  readonly #workers = new Set<WorkerProcess>();
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

  #start(): WorkerProcess {
    const { settings, version, agent, run, activityFile, policies, env } = this.#options;
    const started = performance.now();
    const worker = new WorkerProcess(env, {
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

  #replace({ pid }: WorkerProcess, why: string, livedMs: number): void {
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

  #onMessage(worker: WorkerProcess, message: FromWorker): void {
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
