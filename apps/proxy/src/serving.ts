import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { createResolver } from "@iap/action-resolver";
import { AwsError, type Credentials } from "@iap/aws-core";
import type { CertificateAuthority } from "@iap/ca-manager";
import type { KeyVendor } from "@iap/cred-vendor";
import { Interceptor, type InterceptorEvent, type InterceptorOptions, UpstreamError } from "@iap/interceptor";
import { SigningKeys } from "@iap/sigv4";
import { connectionLimit } from "./connection-limit.ts";
import type { Settings } from "./options.ts";
import { pipeline } from "./pipeline.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import { decider, decideUnsigned } from "./policies/decide.ts";
import { deniedActions } from "./policies/deny-action.ts";
import { guardExceptions } from "./policies/guard-exceptions.ts";
import type { PolicySource } from "./policies/policy-source.ts";
import { ByteBudget } from "./request/byte-budget.ts";
import { recordRefusal } from "./request/record-refusal.ts";
import type { RequestStoryOptions } from "./request/request-story.ts";
import { loadShard } from "./shard-loader.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { type AllowedHosts, parseAllowedHosts } from "./upstream/allowed-hosts.ts";
import { withForeignKeyAlarm } from "./upstream/foreign-key-alarm.ts";
import { http2Hosts } from "./upstream/http2-hosts.ts";
import type { UpstreamIdentity } from "./upstream/identity.ts";
import { parseUpstreamMap } from "./upstream/upstream-map.ts";
import { type CorporateProxy, readUpstreamProxy } from "./upstream/upstream-proxy.ts";
import { userAgentSuffix } from "./upstream/user-agent-suffix.ts";
import { UsageError } from "./usage-error.ts";
import { credentialReplacer } from "./virtual/credential-replacer.ts";
import type { RoleSessions } from "./virtual/role-sessions.ts";

const maxBodyBytes = 32 << 20;

/** What settings and environment say of how requests are served, read and found good. */
export interface ServingRules {
  readonly denied: ReturnType<typeof deniedActions>;
  readonly connectAddress: InterceptorOptions["connectAddress"];
  readonly offerHttp2: InterceptorOptions["offerHttp2"];
  readonly ca: readonly string[] | undefined;
  readonly allowedHosts: AllowedHosts;
  readonly exceptions: ReturnType<typeof guardExceptions>;
  /** The proxy on the way upstream. */
  readonly corporate: CorporateProxy | undefined;
}

/** Throws `UsageError` naming the option that is wrong. */
export async function readServingRules(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServingRules> {
  return {
    denied: deniedActions(settings.denyActions),
    connectAddress: parseUpstreamMap(settings.upstreamMap),
    offerHttp2: http2Hosts(settings.http2),
    ca: await readUpstreamCa(settings.upstreamCa),
    allowedHosts: parseAllowedHosts(settings.allowHosts),
    exceptions: guardExceptions(settings),
    corporate: readUpstreamProxy(env),
  };
}

export interface ServingOptions {
  readonly settings: Settings;
  readonly rules: ServingRules;
  readonly terminal: Terminal;
  readonly version: string;
  readonly agent: string;
  readonly records: RequestStoryOptions;
  readonly authority: CertificateAuthority;
  readonly vendor: KeyVendor;
  readonly policies: PolicySource;
  readonly sessions: RoleSessions;
  readonly identity: Pick<UpstreamIdentity, "current">;
  /** The credentials that lie about somewhere, where an agent could find them; rejects when there are none now. */
  readonly real: () => Promise<Pick<Credentials, "accessKeyId">>;
  /** How many processes serve: each takes its part of what there is to hold in memory. */
  readonly processes: number;
  readonly authorizeConnect?: InterceptorOptions["authorizeConnect"];
}

/** What serves requests, in each process that does: the pipeline in an interceptor that does not listen yet. */
export function serving(options: ServingOptions): { readonly interceptor: Interceptor; readonly parts: PipelineParts } {
  const { settings, rules, terminal, version, agent, records, authority, vendor, policies, sessions, identity } =
    options;
  const { real, processes, authorizeConnect } = options;
  const { denied, exceptions, allowedHosts, connectAddress, offerHttp2, ca, corporate } = rules;
  const { run, now } = records;
  const suffixOf = userAgentSuffix({ template: settings.userAgentSuffix, version, run });
  // One body of the longest kind must fit, however many share.
  const budget = (bodies: number): number => Math.max(1, Math.floor(bodies / processes)) * maxBodyBytes;
  const parts: PipelineParts = {
    ...records,
    keys: withForeignKeyAlarm({
      keys: vendor,
      installId: vendor.installId,
      real,
      warn: (message) => terminal.warn(message),
      now,
    }),
    signingKeys: new SigningKeys(),
    upstreams: sessions,
    userAgentSuffix: (key) => suffixOf(key.agent),
    identity,
    credentialReplacer: credentialReplacer({ sessions, unsigned: { agent, session: run } }),
    resolver: createResolver({ load: loadShard }),
    allowedHosts,
    decide: decider(policies, { denied, exceptions }),
    decideUnsigned: decideUnsigned({ denied, exceptions }),
    budget: new ByteBudget({ total: budget(8), perKey: budget(4) }),
    maxBodyBytes,
    onFault: (error) => terminal.warn(fault(error)),
  };
  const interceptor = new Interceptor({
    tunnel: settings.tunnel,
    tunnelHosts: namedHosts(settings.tunnelHosts),
    connectAddress,
    upstreamProxy: corporate?.of,
    ca,
    secureContext: (host) => authority.secureContext(host),
    authorizeConnect,
    offerHttp2,
    onEvent: (event) => tell(event, terminal, records),
    handle: pipeline(parts),
    limits: { maxConnections: connectionLimit(processes) },
  });
  return { interceptor, parts };
}

/** The authorities to trust upstream: the built-in ones and those of a PEM file. Undefined: the built-in ones alone. */
export async function readUpstreamCa(file: string | undefined): Promise<readonly string[] | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new UsageError(`--upstream-ca ${file} cannot be read: ${error.message}`);
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`--upstream-ca ${file} holds no PEM certificate`);
  return [...rootCertificates, text];
}

/** `.name` stands for all below it. */
function namedHosts(names: readonly string[]): (host: string) => boolean {
  const wanted = names.map((name) => name.toLowerCase());
  return (host) => wanted.some((name) => (name.startsWith(".") ? host.endsWith(name) : host === name));
}

/** What went wrong, with the stack when it is a bug: what carries a cause of AWS's is told by its message. */
function fault(error: Error): string {
  const { cause } = error;
  // Those tell all there is to know themselves.
  if (error instanceof UpstreamError || cause instanceof UpstreamError) return error.message;
  if (cause instanceof Error) return `${error.message} (${cause.stack ?? cause.message})`;
  return error instanceof AwsError ? error.message : (error.stack ?? error.message);
}

/** Tells the terminal of an event; a request that was refused by its form alone is recorded. */
export function tell(event: InterceptorEvent, terminal: Terminal, records: RequestStoryOptions): void {
  switch (event.type) {
    case "tunnel":
      return;
    case "refused":
      return terminal.note(`refused ${event.host}: ${event.reason}`);
    case "handshakeFailed":
      return terminal.handshakeFailed(event.host, event.reason);
    case "malformedRequest":
      if (event.head !== undefined && event.status !== undefined) {
        return void recordRefusal({ head: event.head, status: event.status, reason: event.reason }, records);
      }
      return terminal.note(`malformed request${event.host === undefined ? "" : ` for ${event.host}`}: ${event.reason}`);
    case "error":
      return terminal.warn(fault(event.error));
  }
}
