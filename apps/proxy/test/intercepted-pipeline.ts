import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { ClientRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { createResolver } from "@iap/action-resolver";
import {
  type AgentKey,
  Credentials,
  type DecidedRecord,
  type FinishedRecord,
  headerValue,
  type Mode,
  type RequestHead,
  type Upstreams,
} from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { KeyVendor } from "@iap/cred-vendor";
import { compilePolicySet } from "@iap/iam-evaluator";
import { Interceptor, type Limits } from "@iap/interceptor";
import { SigningKeys } from "@iap/sigv4";
import { afterAll, expect, vi } from "vitest";
import { pipeline } from "../src/pipeline.ts";
import { decider, decideUnsigned } from "../src/policies/decide.ts";
import { deniedActions } from "../src/policies/deny-action.ts";
import { ByteBudget } from "../src/request/byte-budget.ts";
import { loadShard } from "../src/shard-loader.ts";
import { Terminal } from "../src/terminal/terminal.ts";
import { parseAllowedHosts } from "../src/upstream/allowed-hosts.ts";
import { parseUpstreamMap } from "../src/upstream/upstream-map.ts";
import { credentialReplacer } from "../src/virtual/credential-replacer.ts";
import { RoleSessions } from "../src/virtual/role-sessions.ts";
import { type ClientAnswer, openTunnel, startRequest, wholeAnswer } from "./connect-client.ts";
import { FakeAws } from "./fake-aws.ts";

interface TestAuthorities {
  readonly proxy: CertificateAuthority;
  readonly aws: CertificateAuthority;
  remove(): Promise<void>;
}

let opened: Promise<TestAuthorities> | undefined;
afterAll(async () => (await opened)?.remove());

/** The certificate authorities of a test file: the proxy's, and the one the fake AWS has its certificates from. */
export function testAuthorities(): Promise<TestAuthorities> {
  opened ??= openAuthorities();
  return opened;
}

async function openAuthorities(): Promise<TestAuthorities> {
  const dir = await mkdtemp(join(tmpdir(), "iap-pipeline-"));
  const permittedDnsSuffixes = ["amazonaws.com"];
  return {
    proxy: await CertificateAuthority.open({ dir: join(dir, "proxy"), permittedDnsSuffixes }),
    aws: await CertificateAuthority.open({ dir: join(dir, "aws"), permittedDnsSuffixes }),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

export interface InterceptedPipelineOptions {
  readonly mode?: Mode | undefined;
  /** A policy document; none: nothing is judged. */
  readonly policy?: object | undefined;
  readonly denyActions?: readonly string[] | undefined;
  readonly upstreams?: Upstreams | undefined;
  /** Runs before a `decided` record counts as written; what it throws, the recorder throws. */
  readonly beforeDecided?: ((record: DecidedRecord) => Promise<void>) | undefined;
  /** Connects to this port in place of the fake AWS's. */
  readonly upstreamPort?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
  /** Operations let past a guard, as --allow-credentials-from and --allow-unsigned name them. */
  readonly credentialsFrom?: readonly string[] | undefined;
  readonly allowUnsigned?: readonly string[] | undefined;
  /** As --allow-host takes them. */
  readonly allowHosts?: readonly string[] | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Appends nothing to the User-Agent. */
  readonly unnamed?: boolean | undefined;
}

export const principalArn = "arn:aws:iam::123456789012:user/dev";

/** The real Interceptor and pipeline, between raw clients and a fake AWS. */
export class InterceptedPipeline {
  /** The real credentials. The token has every character that some encoding escapes. */
  readonly real: Credentials = new Credentials({
    accessKeyId: "AKIAREALREALREALREAL",
    secretAccessKey: `real/secret+${randomBytes(21).toString("base64")}`,
    sessionToken: `real/token+${randomBytes(200).toString("base64")}==`,
  });
  readonly agent: AgentKey;
  readonly vendor: KeyVendor;
  readonly decided: DecidedRecord[] = [];
  readonly finished: FinishedRecord[] = [];
  /** What happened, in order: `decided forwarded`, `decided refused`, `upstream`, `finished`. */
  readonly order: string[] = [];
  readonly faults: Error[] = [];
  stdout = "";
  stderr = "";
  aws!: FakeAws;
  port = 0;
  readonly #agentKeys: AgentKey[] = [];
  readonly #authorities: TestAuthorities;
  #unnamed = false;
  /** Every byte the clients received, as latin1 text. */
  #clientReceived = "";
  #interceptor!: Interceptor;

  private constructor(authorities: TestAuthorities) {
    this.#authorities = authorities;
    this.vendor = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
    this.agent = this.issue({ now: new Date(), ttlSeconds: 3600 });
  }

  static async open(options: InterceptedPipelineOptions = {}): Promise<InterceptedPipeline> {
    const { mode = "record", policy, maxBodyBytes = 1 << 20, limits } = options;
    const authorities = await testAuthorities();
    const self = new InterceptedPipeline(authorities);
    self.#unnamed = options.unnamed === true;
    self.aws = await FakeAws.start({ authority: authorities.aws, onRequest: () => self.order.push("upstream") });
    const terminal = new Terminal({
      format: "text",
      color: false,
      stdout: { write: (text) => (self.stdout += text) },
      stderr: { write: (text) => (self.stderr += text) },
      now: () => new Date(),
    });
    const evaluator =
      policy === undefined
        ? undefined
        : compilePolicySet({ identity: [{ name: "policy.json", document: JSON.stringify(policy) }] });
    const guards = {
      denied: deniedActions(options.denyActions ?? []),
      exceptions: {
        credentialsFrom: new Set(options.credentialsFrom),
        unsigned: new Set(options.allowUnsigned),
      },
    };
    const sessions = new RoleSessions({
      vendor: self.vendor,
      base: options.upstreams ?? { credentials: async () => self.real },
      now: () => new Date(),
    });
    self.#interceptor = new Interceptor({
      tunnel: "deny",
      connectAddress: parseUpstreamMap([`*.amazonaws.com=127.0.0.1:${options.upstreamPort ?? self.aws.port}`]),
      ca: [authorities.aws.rootCertificate],
      secureContext: (host) => authorities.proxy.secureContext(host),
      limits,
      onEvent: (event) => {
        if (event.type === "error") self.faults.push(event.error);
      },
      handle: pipeline({
        keys: self.vendor,
        signingKeys: new SigningKeys(),
        upstreams: sessions,
        userAgentSuffix: options.unnamed ? undefined : ({ agent }) => `by/${agent}`,
        credentialReplacer: credentialReplacer({
          sessions,
          unsigned: { agent: "tester", session: "session-1" },
        }),
        identity: { current: () => ({ account: "123456789012", principalArn }) },
        resolver: createResolver({ load: loadShard }),
        allowedHosts: parseAllowedHosts(options.allowHosts ?? []),
        decide: decider({ current: () => evaluator }, guards),
        decideUnsigned: decideUnsigned(guards),
        recorder: {
          async decided(record) {
            // As slow as a disk can be: what does not wait for it shows.
            await new Promise((resolve) => setTimeout(resolve, 20));
            await options.beforeDecided?.(record);
            self.decided.push(record);
            self.order.push(record.forwarded ? "decided forwarded" : "decided refused");
          },
          finished(record) {
            self.finished.push(record);
            self.order.push("finished");
          },
        },
        budget: new ByteBudget({ total: 4 * maxBodyBytes, perKey: 2 * maxBodyBytes }),
        mode,
        run: "run-1",
        now: () => new Date(),
        maxBodyBytes,
        onDecided: (record) => terminal.decided(record),
        onFault: (error) => {
          self.faults.push(error);
          terminal.warn(error.message);
        },
      }),
    });
    self.port = await self.#interceptor.listen({ hosts: ["127.0.0.1"], port: 0 });
    return self;
  }

  issue({ now, ttlSeconds }: { readonly now: Date; readonly ttlSeconds: number }): AgentKey {
    const key = this.vendor.issue({ agent: "tester", session: "session-1", ttlSeconds, now });
    this.#agentKeys.push(key);
    return key;
  }

  /** Sends a request on a connection of its own, and gives the whole answer. */
  async send(head: RequestHead, body: Uint8Array | string = ""): Promise<ClientAnswer> {
    const request = await this.start(head);
    const answer = wholeAnswer(request);
    request.end(body);
    return answer;
  }

  /** Starts a request whose body the caller writes. */
  async start(head: RequestHead): Promise<ClientRequest> {
    return startRequest(await this.#connect(head.host), head);
  }

  /** Sends requests without a body on one connection, all at once; gives all that comes back, as latin1 text. */
  async sendPipelined(heads: readonly RequestHead[]): Promise<string> {
    const socket = await this.#connect(heads[0]?.host ?? "");
    const before = this.#clientReceived.length;
    heads.forEach(({ method, target, headers }, i) => {
      const lines = i === heads.length - 1 ? [...headers, ["Connection", "close"] as const] : headers;
      const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      socket.write(`${method} ${target} HTTP/1.1\r\n${text}\r\n`, "latin1");
    });
    await once(socket, "close");
    return this.#clientReceived.slice(before);
  }

  async #connect(host: string): Promise<TLSSocket> {
    const socket = await openTunnel({ port: this.port, host, ca: this.#authorities.proxy.rootCertificate });
    socket.on("data", (chunk: Buffer) => {
      this.#clientReceived += chunk.toString("latin1");
    });
    return socket;
  }

  /** The two records of the one request that was sent: there are no more, and they belong together. */
  async records(): Promise<{ readonly decided: DecidedRecord; readonly finished: FinishedRecord }> {
    await vi.waitFor(() => expect(this.finished).not.toHaveLength(0), { timeout: 5_000, interval: 5 });
    expect(this.decided).toHaveLength(1);
    expect(this.finished).toHaveLength(1);
    const [decided, finished] = [this.decided[0] as DecidedRecord, this.finished[0] as FinishedRecord];
    expect(finished.id).toBe(decided.id);
    expect(decided).toMatchObject({ v: 1, type: "decided", run: "run-1" });
    return { decided, finished };
  }

  /** What holds whatever happened; then everything is closed. */
  async close(): Promise<void> {
    await this.#interceptor.close({ graceMs: 0 });
    await this.aws.close();

    for (const { credentials } of this.#agentKeys) {
      for (const text of [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken ?? ""]) {
        expect(encodings(text).filter((form) => this.aws.received.includes(form))).toEqual([]);
      }
    }
    const shown = [
      this.#clientReceived,
      JSON.stringify([this.decided, this.finished]),
      this.stdout,
      this.stderr,
      ...this.faults.map(({ stack }) => stack ?? ""),
    ];
    for (const secret of [this.real.secretAccessKey, this.real.sessionToken ?? ""]) {
      expect(encodings(secret).filter((form) => shown.some((text) => text.includes(form)))).toEqual([]);
    }
    expect(this.aws.received).not.toContain(this.real.secretAccessKey);
    // Whatever form it is signed in, it says whose it is; what is not signed by an agent's key is nobody's.
    for (const { method, target, headers, body } of this.aws.seen) {
      const isSigned = [target, headerValue(headers, "authorization") ?? "", body.toString("latin1")].some((text) =>
        text.includes(this.real.accessKeyId),
      );
      if (isSigned && !this.#unnamed)
        expect(`${method} ${headerValue(headers, "user-agent")}`).toMatch(/(^| )by\/tester$/);
    }
    // The first thing upstream hears of a request comes after its record, and only if that says so.
    for (const [i, event] of this.order.entries()) {
      if (event !== "upstream") continue;
      const before = this.order.slice(0, i);
      expect(count(before, "decided forwarded")).toBeGreaterThan(count(before, "upstream"));
    }
    if (!this.order.includes("decided forwarded")) expect(this.aws.connections).toBe(0);
  }
}

function count(events: readonly string[], name: string): number {
  return events.filter((event) => event === name).length;
}

function encodings(text: string): string[] {
  return [text, encodeURIComponent(text), text.replaceAll("/", "\\/"), JSON.stringify(text).slice(1, -1)];
}
