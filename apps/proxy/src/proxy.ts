import { randomUUID } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import type { Agent } from "node:https";
import type { Socket } from "node:net";
import { homedir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { awsSuffixes, type Credentials, type Upstreams } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { AgentKeyRotation, KeyVendor, openInstallKey, serveCredentials } from "@iap/cred-vendor";
import { describeFinding } from "@iap/iam-evaluator";
import { type Interceptor, UpstreamProxy } from "@iap/interceptor";
import { credentialProcess } from "proxy-creds";
import { installProfile, removeProfile } from "./aws-config/aws-profile.ts";
import { writeCaBundle } from "./aws-config/ca-bundle.ts";
import { clientRegion } from "./aws-config/read-profile.ts";
import { type ControlAnswer, type ControlSocketOptions, serveControl } from "./control-socket.ts";
import { openEndpoint } from "./endpoint-mode.ts";
import type { Settings } from "./options.ts";
import { exceptionWarnings } from "./policies/guard-exceptions.ts";
import { describeChange, PolicyFiles } from "./policies/policy-source.ts";
import { ActivityLog } from "./recording/activity-log.ts";
import type { RequestStoryOptions } from "./request/request-story.ts";
import { readServingRules, serving, tell } from "./serving.ts";
import { startScreen } from "./terminal/start-screen.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { tokenIssuer, tokenWarnings } from "./tokens/issue-token.ts";
import { readTokenRequest } from "./tokens/token-request.ts";
import { AssumedIdentity } from "./upstream/assumed-identity.ts";
import { AssumedRole } from "./upstream/assumed-role.ts";
import { UpstreamIdentity } from "./upstream/identity.ts";
import { noCredentials } from "./upstream/no-credentials.ts";
import { refuseOwnCredentials, refuseOwnProxy } from "./upstream/refuse-loops.ts";
import { type CredentialProvider, UpstreamCredentials } from "./upstream/upstream-credentials.ts";
import { UsageError } from "./usage-error.ts";
import { RoleSessions } from "./virtual/role-sessions.ts";
import { WorkerCrew } from "./workers/worker-crew.ts";

export interface StartProxyOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly version: string;
  /** Where the real credentials come from; the SDK's chain for the profile of the settings by default. */
  readonly provider?: CredentialProvider | undefined;
  /** For a proxy that serves one command only; without it the proxy is for everyone on this machine, and says so. */
  readonly forOneRun?: ForOneRun | undefined;
}

/** What is different for the proxy of one command. It writes no profile into the user's AWS configuration. */
export interface ForOneRun {
  /** Whether the agent can reach anything else. */
  readonly agent: "advisory" | "isolated";
  /** Whether a client may use the proxy, by its Proxy-Authorization. */
  readonly authorizeConnect: (proxyAuthorization: string | undefined) => boolean;
}

export interface RunningProxy {
  readonly port: number;
  /** As the activity log names this run. */
  readonly run: string;
  /** The root certificate, PEM. */
  readonly rootCertificate: string;
  /** The agent's region, if one is known. */
  readonly region: string | undefined;
  /** Serves a connection that was accepted elsewhere, from a client known to be allowed. */
  accept(socket: Socket): void;
  /** Reads the policies again and says, here and on the terminal, what changed; what is wrong with them changes nothing. */
  reload(): Promise<ControlAnswer>;
  /** Removes the profile, stops vending, lets requests under way finish (10 s at most, or until `hurry`), and closes the logs. */
  close(options?: { readonly hurry?: Promise<void> | undefined }): Promise<void>;
}

/**
 * Puts the proxy together from its parts and starts it. What fails on the way undoes what was started and throws: a
 * `UsageError` when the user can mend it.
 */
export async function startProxy(options: StartProxyOptions): Promise<RunningProxy> {
  const { settings, env, terminal, version, provider, forOneRun } = options;
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
    const sessionPolicyOf = settings.dualEnforce ? settings.assumeRole : undefined;
    const policies = new PolicyFiles({ ...settings, sessionPolicyOf });
    const rules = await readServingRules(settings, env);
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
    const agent = settings.agent ?? userName();
    const rotation = new AgentKeyRotation({ vendor, agent, session: run, ttlSeconds: settings.keypairTtl });
    const recorder = await ActivityLog.open({
      activityFile,
      actionFile: resolve(settings.actionLog),
      rotateBytes: settings.activityRotate * 1_000_000,
      onError: (error) => terminal.warn(`the activity log cannot be written: ${error.message}`),
    });
    undo.push(() => recorder.close());

    const region = await clientRegion(settings.region, env, { file: configFile, profile: sourceProfile });
    const sourceCredentials = new UpstreamCredentials({
      provider: provider ?? (await sdkProvider(settings.profile, () => interceptor.agent)),
      now,
      onUnavailable: (error) =>
        void noCredentials(error, { profile: settings.profile, env }).then((text) => terminal.warn(text)),
    });
    const { assumeRole, sourceIdentity, sessionTags } = settings;
    const assumed =
      assumeRole === undefined
        ? undefined
        : new AssumedRole({
            ...{ roleArn: assumeRole, agent, run, source: sourceCredentials, region, now },
            ...{ sourceIdentity, sessionTags, sessionPolicy: () => policies.sessionPolicy },
            fetch: (head, more) => interceptor.fetch(head, more),
            onUnavailable: ({ message }) =>
              terminal.warn(`no session to sign with: ${message}. Requests are answered 503 until there is one.`),
          });
    const ownCredentials = assumed ?? sourceCredentials;
    const sessions = new RoleSessions({ vendor, base: ownCredentials, now });
    const askedIdentity = new UpstreamIdentity({
      account: settings.accountId,
      principalArn: settings.principalArn,
      region,
      fetch: (head) => interceptor.fetch(head),
      now,
      onUnknown: (error) =>
        terminal.warn(
          `whose credentials these are is not known yet (${error.message}); --account-id and --principal-arn say it`,
        ),
    });
    const identity = assumed === undefined ? askedIdentity : new AssumedIdentity(assumed, askedIdentity, settings);
    const records: RequestStoryOptions = {
      recorder,
      mode: settings.mode,
      run,
      now,
      onDecided: (record) => terminal.decided(record),
    };
    const { interceptor, parts } = serving({
      ...{ settings, rules, terminal, version, agent, records, authority, vendor, policies, sessions, identity },
      // A session that the proxy assumed is in its memory only.
      real: () => sourceCredentials.credentials("default"),
      processes: 1,
      authorizeConnect: forOneRun?.authorizeConnect,
    });
    const crew =
      forOneRun !== undefined || settings.workers === 1
        ? undefined
        : new WorkerCrew({
            ...{ settings, env, terminal, version, agent, run, activityFile, policies, sessions, identity },
            own: ownCredentials,
            source: sourceCredentials,
          });
    if (crew !== undefined) undo.push(() => crew.close({ graceMs: 0 }));
    undo.push(() => interceptor.close({ graceMs: 0 }));
    const port = await listen(crew ?? interceptor, settings);
    const allowed = new Set(settings.allowTokens);
    for (const warning of [...exceptionWarnings(rules.exceptions), ...tokenWarnings(allowed)]) terminal.warn(warning);
    refuseOwnProxy({ hosts: settings.hosts, port, env });
    if (rules.corporate !== undefined) {
      const { proxy, variable } = rules.corporate;
      terminal.note(`upstream is reached through the proxy ${proxy.where} (${variable}), but for what NO_PROXY names`);
    }

    const endpoint =
      settings.endpointPort === undefined
        ? undefined
        : await openEndpoint({
            port: settings.endpointPort,
            proxy: new UpstreamProxy({ host: settings.hosts[0] as string, port }),
            rootCertificate: authority.rootCertificate,
            keys: parts.keys,
            records,
            budget: parts.budget,
            onEvent: (event) => tell(event, terminal, records),
          });
    if (endpoint !== undefined) {
      undo.push(() => endpoint.close());
      terminal.note(`clients that cannot use a proxy: AWS_ENDPOINT_URL=http://127.0.0.1:${endpoint.port}`);
    }

    const issueToken = tokenIssuer({ parts, allowed, current: () => rotation.current(now()) });
    const server = await serveCredentials({
      socketPath,
      current: () => rotation.current(now()),
      verbs: {
        token: (request) => issueToken(readTokenRequest(request, region)),
        status: () => ({
          version,
          pid: process.pid,
          port,
          endpointPort: endpoint?.port,
          mode: settings.mode,
          run,
          workers: settings.workers,
        }),
      },
      onError: (error) => terminal.warn(`the vending socket failed: ${(error as Error).message}`),
    });
    undo.push(() => server.close());

    const profile = { file: configFile, socketPath };
    if (forOneRun === undefined) {
      await installProfile({
        ...profile,
        credentialProcess: credentialProcess({ socketPath }),
        caBundle,
        credentialsFile: env.AWS_SHARED_CREDENTIALS_FILE || join(env.HOME || homedir(), ".aws", "credentials"),
        region,
      });
      undo.push(() => removeProfile(profile));
    }

    let reloading: Promise<unknown> = Promise.resolve();
    // One at a time: each is over when no worker goes by other policies.
    const reload = (): Promise<ControlAnswer> => {
      const reloaded = reloading.then(async () => {
        const answer = reloadPolicies(policies, agent, terminal);
        // With what AWS enforces, too.
        if (settings.dualEnforce && answer.ok) assumed?.renew();
        if (answer.ok) await crew?.reload();
        return answer;
      });
      reloading = reloaded;
      return reloaded;
    };
    // That of one run is not for others to command.
    const control =
      forOneRun === undefined
        ? await listenForCommands({ path: join(dir, "control.sock"), reload }, terminal)
        : { close: () => Promise.resolve() };
    undo.push(() => control.close());

    const policyVersion = policies.current(agent)?.version;
    const signsAs = await describeIdentity(ownCredentials, identity, settings);
    terminal.started(
      startScreen({
        version,
        settings,
        port,
        caPath: authority.path,
        activityFile,
        policyVersion,
        identity: signsAs,
        caBundleToName: env.AWS_CA_BUNDLE ? caBundle : undefined,
      }),
      {
        version,
        port,
        mode: settings.mode,
        ...(crew === undefined ? {} : { workers: settings.workers }),
        agent: forOneRun?.agent ?? "advisory",
        ca: authority.path,
        actionLog: settings.actionLog,
        activityFile,
        run,
        signsAs,
        ...(policyVersion === undefined ? {} : { policyVersion }),
      },
    );

    tellFindings(policies, agent, terminal);

    let closing: Promise<void> | undefined;
    return {
      port,
      run,
      rootCertificate: authority.rootCertificate,
      region,
      accept: (socket) => interceptor.accept(socket),
      reload,
      close({ hurry } = {}) {
        closing ??= closeAll(
          [dir, dirname(configFile)],
          [
            async () => forOneRun === undefined && (await removeProfile(profile)),
            () => server.close(),
            () => control.close(),
            async () => endpoint?.close(),
            async () => crew?.close({ graceMs: 10_000, hurry }),
            () => interceptor.close({ graceMs: 10_000, hurry }),
            () => recorder.close(),
          ],
        );
        return closing;
      },
    };
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => {});
    throw asUsageError(error, [dir, dirname(configFile)]);
  }
}

/** What is wrong with the new policies keeps the old ones; whatever it is, the proxy goes on. */
function reloadPolicies(policies: PolicyFiles, agent: string, terminal: Terminal): ControlAnswer {
  try {
    const change = policies.reload();
    if (change === undefined) return { ok: true, message: "there are no policies to read again" };
    const message = describeChange(change);
    terminal.note(message);
    tellFindings(policies, agent, terminal);
    return { ok: true, message };
  } catch (error) {
    const version = policies.current(agent)?.version;
    const message = `the policies were not reloaded, version ${version} stays: ${(error as Error).message}`;
    terminal.warn(message);
    return { ok: false, message };
  }
}

/** What is worth knowing about the policies; how large they are is AWS's business alone. */
function tellFindings(policies: PolicyFiles, agent: string, terminal: Terminal): void {
  for (const finding of policies.current(agent)?.findings ?? []) {
    if (finding.code !== "POLICY_SIZE") terminal.note(describeFinding(finding));
  }
}

/** Without the socket the proxy does its work all the same: policies are reloaded by signal then. */
async function listenForCommands(
  options: ControlSocketOptions,
  terminal: Terminal,
): Promise<{ close(): Promise<void> }> {
  try {
    return await serveControl(options);
  } catch (error) {
    terminal.warn(
      `\`iam-agent-proxy reload\` will not work: ${(error as Error).message}. \`kill -HUP ${process.pid}\` does the same.`,
    );
    return { close: () => Promise.resolve() };
  }
}

/** Takes every step, in order, whatever becomes of those before; then throws what went wrong first. */
async function closeAll(dirs: readonly string[], steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw asUsageError(errors[0], dirs);
}

/** Errors of the parts that name their own fix, as the user's to mend. */
function asUsageError(error: unknown, dirs: readonly string[]): unknown {
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
  // Of a write to a full disk, the system does not say where.
  if (error instanceof Error && "syscall" in error) {
    const where = "path" in error ? "" : ` (the directories in use: ${dirs.join(", ")})`;
    return new UsageError(`${error.message}${where}`, { exitCode: 1, cause: error });
  }
  return error;
}

async function listen(listener: Pick<Interceptor, "listen">, { hosts, port }: Settings): Promise<number> {
  try {
    return await listener.listen({ hosts, port });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? `port ${port} is taken, perhaps by another iam-agent-proxy. Stop that, or choose another with --port (0 takes a free one).`
        : `it cannot listen on ${hosts.join(", ")} port ${port}: ${message}`;
    throw new UsageError(why, { exitCode: 1, cause: error });
  }
}

/**
 * The SDK's default chain, loaded when it is needed, for it is large. What it asks AWS itself (SSO, AssumeRole) goes the
 * way of agents' requests.
 */
export async function sdkProvider(profile: string | undefined, agent: () => Agent): Promise<CredentialProvider> {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  let chain: CredentialProvider | undefined;
  let asked: Promise<unknown> | undefined;
  return async () => {
    // Asked again while an answer is due, it was given up on: a chain joins later questions to the one that hangs.
    if (asked !== undefined) chain = undefined;
    chain ??= defaultProvider({
      ...(profile === undefined ? {} : { profile }),
      // It says in many lines on the console that a profile wins over keys in the environment: here it always does.
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      clientConfig: { requestHandler: { httpsAgent: agent(), connectionTimeout: 10_000, requestTimeout: 15_000 } },
    });
    const answer = chain();
    asked = answer;
    try {
      return await answer;
    } finally {
      if (asked === answer) asked = undefined;
    }
  };
}

function inheritedBundles(env: StartProxyOptions["env"]): readonly string[] {
  return [env.AWS_CA_BUNDLE, env.SSL_CERT_FILE].filter((file) => file !== undefined && file !== "") as string[];
}

async function describeIdentity(
  upstreams: Upstreams,
  identity: Pick<UpstreamIdentity, "learn" | "current">,
  { profile, assumeRole, dualEnforce }: Settings,
): Promise<string> {
  const from = profile === undefined ? "the default credential chain" : `profile ${profile}`;
  const dual = dualEnforce ? ", with the policy as its session policy" : "";
  const source = assumeRole === undefined ? from : `${assumeRole}, assumed by ${from}${dual}`;
  let credentials: Credentials;
  try {
    credentials = await upstreams.credentials("default");
  } catch {
    return `nobody: no credentials from ${source}; every request is answered 503 until there are`;
  }
  await identity.learn(credentials);
  return `${identity.current(credentials).principalArn ?? `access key ${credentials.accessKeyId}, principal unknown`} (${source})`;
}

/** The user that starts the proxy, whose agents these are. A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
