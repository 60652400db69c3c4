import { randomUUID } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import type { Agent } from "node:https";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { rootCertificates } from "node:tls";
import { createResolver } from "@iap/action-resolver";
import { AwsError, awsSuffixes, type Credentials } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { AgentKeyRotation, KeyVendor, openInstallKey, serveCredentials } from "@iap/cred-vendor";
import { Interceptor, type InterceptorEvent } from "@iap/interceptor";
import { SigningKeys } from "@iap/sigv4";
import { credentialProcess } from "proxy-creds";
import { ActivityLog } from "./activity-log.ts";
import { parseAllowedHosts } from "./allowed-hosts.ts";
import { installProfile, removeProfile } from "./aws-profile.ts";
import { ByteBudget } from "./byte-budget.ts";
import { writeCaBundle } from "./ca-bundle.ts";
import { decider } from "./decide.ts";
import { UpstreamIdentity } from "./identity.ts";
import type { Settings } from "./options.ts";
import { pipeline } from "./pipeline.ts";
import { policyFiles } from "./policy-source.ts";
import { readProfileRegion } from "./read-profile.ts";
import { recordRefusal } from "./record-refusal.ts";
import { refuseOwnCredentials, refuseOwnProxy } from "./refuse-loops.ts";
import type { RequestStoryOptions } from "./request-story.ts";
import { loadShard } from "./shard-loader.ts";
import { startScreen } from "./start-screen.ts";
import type { Terminal } from "./terminal.ts";
import { type CredentialProvider, UpstreamCredentials } from "./upstream-credentials.ts";
import { parseUpstreamMap } from "./upstream-map.ts";
import { readUpstreamProxy } from "./upstream-proxy.ts";
import { UsageError } from "./usage-error.ts";

export interface StartProxyOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly version: string;
  /** Where the real credentials come from; the SDK's chain for the profile of the settings by default. */
  readonly provider?: CredentialProvider | undefined;
}

export interface RunningProxy {
  readonly port: number;
  /** Removes the profile, stops vending, lets requests under way finish (10 s at most, or until `hurry`), and closes the logs. */
  close(options?: { readonly hurry?: Promise<void> | undefined }): Promise<void>;
}

const maxBodyBytes = 32 << 20;

/**
 * Puts the proxy together from its parts and starts it. What fails on the way undoes what was started and throws: a
 * `UsageError` when the user can mend it.
 */
export async function startProxy(options: StartProxyOptions): Promise<RunningProxy> {
  const { settings, env, terminal, version, provider } = options;
  const now = (): Date => new Date();
  const run = randomUUID();
  const configFile = env.AWS_CONFIG_FILE || join(env.HOME || homedir(), ".aws", "config");
  const sourceProfile = settings.profile ?? "default";
  const dir = resolve(settings.dir);
  const socketPath = resolve(settings.sock);
  const activityFile = join(dir, "activity.jsonl");
  const undo: (() => Promise<unknown>)[] = [];

  try {
    // What may be wrong is found out before anything is made.
    const policies = policyFiles(settings.policies);
    const connectAddress = parseUpstreamMap(settings.upstreamMap);
    const ca = settings.upstreamCa === undefined ? undefined : [...rootCertificates, await readCa(settings.upstreamCa)];
    const allowedHosts = parseAllowedHosts(settings.allowHosts);
    const corporate = readUpstreamProxy(env);
    await refuseOwnCredentials({ configFile, profile: sourceProfile });
    refuseOwnProxy({ hosts: settings.hosts, port: settings.port, env });

    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
    const authority = await CertificateAuthority.open({ dir, permittedDnsSuffixes: awsSuffixes });
    const { path: caBundle } = await writeCaBundle({
      dir,
      rootCertificate: authority.rootCertificate,
      inherited: inheritedBundles(env),
    });
    const vendor = new KeyVendor({ installKey: await openInstallKey(join(dir, "install.key")) });
    const agent = userName();
    const rotation = new AgentKeyRotation({ vendor, agent, session: run, ttlSeconds: settings.keypairTtl });
    const recorder = await ActivityLog.open({
      activityFile,
      actionFile: resolve(settings.actionLog),
      onError: (error) => terminal.warn(`the activity log cannot be written: ${error.message}`),
    });
    undo.push(() => recorder.close());

    const upstreams = new UpstreamCredentials({
      provider: provider ?? (await sdkProvider(settings.profile, () => interceptor.agent)),
      now,
      onUnavailable: (error) => terminal.warn(noCredentials(error, settings.profile)),
    });
    const identity = new UpstreamIdentity({
      account: settings.accountId,
      principalArn: settings.principalArn,
      region: settings.region ?? env.AWS_REGION ?? (await readProfileRegion(configFile, sourceProfile)),
      fetch: (head) => interceptor.fetch(head),
      now,
      onUnknown: (error) =>
        terminal.warn(
          `whose credentials these are is not known yet (${error.message}); --account-id and --principal-arn say it`,
        ),
    });
    const records: RequestStoryOptions = {
      recorder,
      mode: settings.mode,
      run,
      now,
      onDecided: (record) => terminal.decided(record),
    };
    const interceptor = new Interceptor({
      tunnel: settings.tunnel,
      connectAddress,
      upstreamProxy: corporate?.of,
      ca,
      secureContext: (host) => authority.secureContext(host),
      onEvent: (event) => tell(event, terminal, records),
      handle: pipeline({
        ...records,
        keys: vendor,
        signingKeys: new SigningKeys(),
        upstreams,
        identity,
        resolver: createResolver({ load: loadShard }),
        allowedHosts,
        decide: decider(policies),
        budget: new ByteBudget({ total: 8 * maxBodyBytes, perKey: 4 * maxBodyBytes }),
        maxBodyBytes,
        onFault: (error) => terminal.warn(fault(error)),
      }),
    });
    const port = await listen(interceptor, settings);
    undo.push(() => interceptor.close({ graceMs: 0 }));
    refuseOwnProxy({ hosts: settings.hosts, port, env });
    if (corporate !== undefined) {
      const { proxy, variable } = corporate;
      terminal.note(`upstream is reached through the proxy ${proxy.where} (${variable}), but for what NO_PROXY names`);
    }

    const server = await serveCredentials({
      socketPath,
      current: () => rotation.current(now()),
      onError: (error) => terminal.warn(`the vending socket failed: ${(error as Error).message}`),
    });
    undo.push(() => server.close());

    await installProfile({
      file: configFile,
      socketPath,
      credentialProcess: credentialProcess({ socketPath }),
      caBundle,
      credentialsFile: env.AWS_SHARED_CREDENTIALS_FILE || join(env.HOME || homedir(), ".aws", "credentials"),
      region: settings.region ?? env.AWS_REGION ?? (await readProfileRegion(configFile, sourceProfile)),
    });
    undo.push(() => removeProfile({ file: configFile, socketPath }));

    terminal.started(
      startScreen({
        version,
        settings,
        port,
        caPath: authority.path,
        activityFile,
        policyVersion: policies.current(agent)?.version,
        identity: await describeIdentity(upstreams, identity, settings.profile),
        caBundleToName: env.AWS_CA_BUNDLE ? caBundle : undefined,
      }),
      {
        version,
        port,
        mode: settings.mode,
        agent: "advisory",
        ca: authority.path,
        actionLog: settings.actionLog,
        activityFile,
      },
    );

    let closing: Promise<void> | undefined;
    return {
      port,
      close({ hurry } = {}) {
        closing ??= closeAll([
          () => removeProfile({ file: configFile, socketPath }),
          () => server.close(),
          () => interceptor.close({ graceMs: 10_000, hurry }),
          () => recorder.close(),
        ]);
        return closing;
      },
    };
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => {});
    throw asUsageError(error);
  }
}

/** Takes every step, in order, whatever becomes of those before; then throws what went wrong first. */
async function closeAll(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw asUsageError(errors[0]);
}

/** Errors of the parts that name their own fix, as the user's to mend. */
function asUsageError(error: unknown): unknown {
  const mendable = new Set([
    "AwsProfileError",
    "CaBundleError",
    "CertificateAuthorityError",
    "InstallKeyError",
    "VendingSocketError",
  ]);
  if (error instanceof Error && mendable.has(error.name)) {
    return new UsageError(error.message, { exitCode: 1, cause: error });
  }
  if (error instanceof Error && "syscall" in error && "path" in error) {
    return new UsageError(error.message, { exitCode: 1, cause: error });
  }
  return error;
}

async function listen(interceptor: Interceptor, { hosts, port }: Settings): Promise<number> {
  try {
    return await interceptor.listen({ hosts, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? `port ${port} is taken, perhaps by another iam-agent-proxy. Stop that, or choose another with --port (0 takes a free one).`
        : `it cannot listen on ${hosts.join(", ")} port ${port}: ${message}`;
    throw new UsageError(why, { exitCode: 1, cause: error });
  }
}

/** Loaded when the proxy starts, for it is large: other commands do without. */
/** The SDK's default chain. What it asks AWS itself (SSO, AssumeRole) goes the way of agents' requests. */
async function sdkProvider(profile: string | undefined, agent: () => Agent): Promise<CredentialProvider> {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  let chain: CredentialProvider | undefined;
  return () => {
    chain ??= defaultProvider({
      ...(profile === undefined ? {} : { profile }),
      clientConfig: { requestHandler: { httpsAgent: agent(), connectionTimeout: 10_000, requestTimeout: 15_000 } },
    });
    return chain();
  };
}

async function readCa(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new UsageError(`--upstream-ca ${file} cannot be read: ${error.message}`);
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`--upstream-ca ${file} holds no PEM certificate`);
  return text;
}

function inheritedBundles(env: StartProxyOptions["env"]): readonly string[] {
  return [env.AWS_CA_BUNDLE, env.SSL_CERT_FILE].filter((file) => file !== undefined && file !== "") as string[];
}

async function describeIdentity(
  upstreams: UpstreamCredentials,
  identity: UpstreamIdentity,
  profile: string | undefined,
): Promise<string> {
  const source = profile === undefined ? "the default credential chain" : `profile ${profile}`;
  let credentials: Credentials;
  try {
    credentials = await upstreams.credentials("default");
  } catch {
    return `nobody: no credentials from ${source}; every request is answered 503 until there are`;
  }
  await identity.learn(credentials);
  return `${identity.current(credentials).principalArn ?? `access key ${credentials.accessKeyId}, principal unknown`} (${source})`;
}

function noCredentials(error: Error, profile: string | undefined): string {
  const source = profile === undefined ? "the SDK's default chain" : `profile ${profile}`;
  const login = /sso/i.test(error.message)
    ? ` Log in: aws sso login${profile === undefined ? "" : ` --profile ${profile}`}.`
    : "";
  return `no AWS credentials from ${source}: ${error.message}.${login} Requests are answered 503 until there are; set AWS_PROFILE or --profile to a profile that works.`;
}

/** The user that starts the proxy, whose agents these are. A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}

/** What went wrong, with the stack when it is a bug: what carries a cause of AWS's is told by its message. */
function fault(error: Error): string {
  const { cause } = error;
  if (cause instanceof Error) return `${error.message} (${cause.stack ?? cause.message})`;
  return error instanceof AwsError ? error.message : (error.stack ?? error.message);
}

function tell(event: InterceptorEvent, terminal: Terminal, records: RequestStoryOptions): void {
  switch (event.type) {
    case "tunnel":
      return;
    case "refused":
      return terminal.note(`refused ${event.host}: ${event.reason}`);
    case "handshakeFailed":
      return terminal.warn(
        `no TLS with the client for ${event.host}: ${event.reason}. \`iam-agent-proxy ca\` says how clients come to trust the certificate authority.`,
      );
    case "malformedRequest":
      if (event.head !== undefined && event.status !== undefined) {
        return void recordRefusal({ head: event.head, status: event.status, reason: event.reason }, records);
      }
      return terminal.note(`malformed request${event.host === undefined ? "" : ` for ${event.host}`}: ${event.reason}`);
    case "error":
      return terminal.warn(fault(event.error));
  }
}
