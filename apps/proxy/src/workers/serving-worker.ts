import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { awsSuffixes } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { KeyVendor, openInstallKey } from "@iap/cred-vendor";
import type { Interceptor } from "@iap/interceptor";
import { PolicyFiles } from "../policies/policy-source.ts";
import { ActivityLog } from "../recording/activity-log.ts";
import { readServingRules, serving } from "../serving.ts";
import type { BatchedOutput } from "../terminal/batched-output.ts";
import { Terminal } from "../terminal/terminal.ts";
import { RoleSessions } from "../virtual/role-sessions.ts";
import { PrimaryCredentials } from "./primary-credentials.ts";
import type { PrimaryLink } from "./primary-link.ts";
import type { PolicyTexts, ToWorker, WorkerJob } from "./worker-messages.ts";

export interface ServingWorkerOptions {
  readonly link: PrimaryLink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: {
    readonly stdout: Pick<BatchedOutput, "write" | "flush">;
    readonly stderr: { write(text: string): unknown };
    readonly isTty: boolean;
  };
}

/** Serves the connections that the first process hands over, by its policies and with its credentials. */
export class ServingWorker {
  readonly #options: ServingWorkerOptions;
  readonly #credentials: PrimaryCredentials;
  #policies: PolicyTexts = new Map();
  #running: Running | undefined;
  #hurry!: () => void;
  readonly #hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve;
  });

  constructor(options: ServingWorkerOptions) {
    this.#options = options;
    this.#credentials = new PrimaryCredentials({
      ask: (agent) => options.link.credentials(agent),
      now: () => new Date(),
    });
  }

  /** Does what the first process says; resolves with whether that was to end. What goes wrong is told, and the end. */
  async onMessage(message: ToWorker, socket: Socket | undefined): Promise<boolean> {
    try {
      switch (message.type) {
        case "job":
          await this.#start(message.job);
          return false;
        case "connection":
          this.#serve(socket);
          return false;
        case "policies":
          this.#reload(message.policies);
          return false;
        case "answer":
          this.#options.link.onAnswer(message);
          return false;
        case "hurry":
          this.#hurry();
          return false;
        case "close":
          await this.#close(message.graceMs);
          return true;
      }
    } catch (error) {
      this.#options.link.tell({ type: "failed", message: (error as Error).message });
      return true;
    }
  }

  async #start({ settings, version, agent, run, activityFile, ticketKeys, policies: texts }: WorkerJob): Promise<void> {
    const { link, env, output } = this.#options;
    const now = (): Date => new Date();
    const terminal = new Terminal({
      format: settings.logFormat,
      color: settings.color ?? (output.isTty && !env.NO_COLOR),
      stdout: output.stdout,
      stderr: {
        write: (text) => {
          output.stdout.flush();
          output.stderr.write(text);
        },
      },
      now,
    });
    if (this.#policies.size === 0) this.#policies = texts;
    const rules = await readServingRules(settings, env);
    const dir = dirname(activityFile);
    const authority = await CertificateAuthority.load({
      dir,
      permittedDnsSuffixes: awsSuffixes,
      ticketKeys: Buffer.from(ticketKeys),
    });
    const vendor = new KeyVendor({ installKey: await openInstallKey(join(dir, "install.key")) });
    const recorder = await ActivityLog.open({
      activityFile,
      actionFile: settings.actionLog,
      rotateBytes: settings.activityRotate * 1_000_000,
      onError: (error) => terminal.warn(`the activity log cannot be written: ${error.message}`),
    });
    const policies = new PolicyFiles(settings, (file) => this.#text(file));
    const { interceptor } = serving({
      ...{ settings, rules, terminal, version, agent, authority, vendor, policies },
      records: { recorder, mode: settings.mode, run, now, onDecided: (record) => terminal.decided(record) },
      sessions: new RoleSessions({ vendor, base: this.#credentials, now, shared: link }),
      identity: this.#credentials,
      real: async () => ({ accessKeyId: await link.realKey() }),
      processes: settings.workers,
    });
    const accept = interceptor.acceptor();
    this.#running = { interceptor, recorder, policies, agent, accept };
    link.tell({ type: "ready", policyVersion: policies.current(agent)?.version });
  }

  #serve(socket: Socket | undefined): void {
    // It may have ended on the way.
    if (socket === undefined) return;
    if (this.#running === undefined) return void socket.destroy();
    this.#running.accept(socket);
  }

  #reload(texts: PolicyTexts): void {
    this.#policies = texts;
    // They may be of sessions with the old policies.
    this.#credentials.forget();
    if (this.#running === undefined) return;
    const { policies, agent } = this.#running;
    policies.reload();
    this.#options.link.tell({ type: "reloaded", policyVersion: policies.current(agent)?.version });
  }

  async #close(graceMs: number): Promise<void> {
    await this.#running?.interceptor.close({ graceMs, hurry: this.#hurried });
    await this.#running?.recorder.close();
  }

  #text(file: string): string {
    const text = this.#policies.get(file);
    if (text === undefined) throw new Error("the first process has not read it");
    return text;
  }
}

interface Running {
  readonly interceptor: Interceptor;
  readonly recorder: ActivityLog;
  readonly policies: PolicyFiles;
  readonly agent: string;
  readonly accept: (socket: Socket) => void;
}
