import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Credentials } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { fetchCredentials } from "@iap/cred-vendor";
import { generatePolicy } from "@iap/policy-generator";
import { FakeAws } from "../fake-aws/fake-aws.ts";
import { readActivity } from "../recording/read-activity.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { type AgentCall, account, bucket, content, errand, key, queue, strays, table } from "./agent-calls.ts";
import type { AgentLine, AgentResult } from "./agent-line.ts";
import { type DemoProxy, type DemoProxyOptions, startDemoProxy } from "./demo-proxy.ts";
import type { Narrator } from "./narrator.ts";
import { runAgent } from "./run-agent.ts";
import { send, straightTo } from "./send.ts";

export interface PlayDemoOptions {
  /** A directory of its own. */
  readonly dir: string;
  readonly version: string;
  readonly narrator: Narrator;
  readonly terminal: Terminal;
  /** Ends it at the next step. */
  readonly signal: AbortSignal;
  /** Takes what has to be closed in the end, last first. */
  readonly open: (() => Promise<unknown>)[];
}

/**
 * Plays the product from end to end: the real proxy between a small agent and a fake AWS. What each step claims is
 * checked; throws `UsageError` for the first thing that is not as it should be.
 */
export async function playDemo({ dir, version, narrator, terminal, signal, open }: PlayDemoOptions): Promise<void> {
  narrator.plain(`iam-agent-proxy demo: no AWS account, no network, nothing of yours read or changed.

   fake  AWS (a small server in this process), the key pair it knows, and what
         the agent is up to
   real  all in between, as with AWS itself: the proxy, CONNECT and TLS, each
         signature checked and made anew, the recording, the policy, the denials
`);

  const credentials = new Credentials({
    accessKeyId: `AKIA${letters(16)}`,
    secretAccessKey: randomBytes(30).toString("base64"),
  });
  const { accessKeyId } = credentials;
  const { aws, ca } = await startFakeAws(dir, credentials);
  open.push(() => aws.close());
  narrator.step(
    `A fake AWS, on 127.0.0.1:${aws.port}. It knows one key pair, ${accessKeyId}, and refuses what that did not sign.`,
  );

  const proxyOptions: DemoProxyOptions = {
    dir,
    upstream: { port: aws.port, ca: ca.path },
    credentials,
    terminal,
    version,
  };
  const recording = await startDemoProxy(proxyOptions);
  open.push(() => recording.close({ hurry: Promise.resolve() }));
  signal.throwIfAborted();
  narrator.step(
    `The proxy, on 127.0.0.1:${recording.port}, in record mode. It holds that key pair, as it would hold the one of your AWS_PROFILE.`,
  );

  // What the agent will be given too: the same until it is rotated.
  const vended = await fetchCredentials({ socketPath: recording.socketPath });
  narrator.step(
    `An agent runs an errand, as a process of its own. All it was given is HTTPS_PROXY, the proxy's certificate, and the socket that hands it a fake key pair, ${vended.AccessKeyId}.`,
  );
  const arrivedBefore = aws.arrived.length;
  const agentOptions = { narrator, signal, accessKeyId: vended.AccessKeyId };
  checkErrand(await letAgent("errand", recording, { ...agentOptions, shows: "all" }));
  const arrived = aws.arrived.slice(arrivedBefore);
  check(
    arrived.length === errand.length && arrived.every(({ signed, status }) => signed && status === 200),
    `the fake AWS did not get ${errand.length} requests that ${accessKeyId} signed: ${JSON.stringify(arrived)}`,
  );
  check(
    ![vended.AccessKeyId, vended.SecretAccessKey, vended.SessionToken].some((text) => aws.received(text)),
    "the agent's own key pair or session token reached the fake AWS",
  );
  narrator.say(
    `The fake AWS got those ${arrived.length} requests, each with a valid signature of ${accessKeyId}. Of ${vended.AccessKeyId} and its session token there is no trace in any byte it received.`,
  );
  const agentKey = new Credentials({
    accessKeyId: vended.AccessKeyId,
    secretAccessKey: vended.SecretAccessKey,
    sessionToken: vended.SessionToken,
  });
  const { status, code } = await send(errand[0] as AgentCall, {
    credentials: agentKey,
    connect: straightTo(aws.port),
    ca: ca.rootCertificate,
    now: new Date(),
  });
  check(status === 403 && code === "InvalidClientTokenId", `the agent's key pair was not refused: ${status} ${code}`);
  narrator.say(`Without the proxy the fake key pair is worth nothing: the fake AWS answers it ${status} ${code}.`);
  await recording.close();
  signal.throwIfAborted();

  const generated = generatePolicy(
    readActivity(recording.activityFile, (line, why) => check(false, `${recording.activityFile}:${line}: ${why}`)),
  );
  const policyFile = join(dir, "agent-policy.json");
  await writeFile(policyFile, generated.text);
  narrator.step(
    "What `iam-agent-proxy policy` makes of the recording: the least policy that allows it. GetCallerIdentity is not in it, for it needs no permission.",
  );
  narrator.plain(generated.text);
  for (const { resource, actions, why } of generated.report.declaredWildcards) {
    narrator.say(`${resource} stands for the resource of ${actions.join(", ")}: ${why}.`);
  }

  const enforcing = await startDemoProxy({ ...proxyOptions, policyFile });
  open.push(() => enforcing.close({ hurry: Promise.resolve() }));
  signal.throwIfAborted();
  narrator.step("The proxy again, now in enforce mode with that policy. The same errand still works:");
  const again = await fetchCredentials({ socketPath: enforcing.socketPath });
  const held = { ...agentOptions, accessKeyId: again.AccessKeyId };
  checkErrand(await letAgent("errand", enforcing, { ...held, shows: "proxy" }));

  narrator.step("Anything else is denied, with an error of AWS's own shape that says why:");
  const countBefore = aws.arrived.length;
  const denied = await letAgent("strays", enforcing, { ...held, shows: "all" });
  check(denied.length === strays.length, `the agent made ${denied.length} calls, not ${strays.length}`);
  for (const { operation, status, code } of denied) {
    check(
      status === 403 && code === "AccessDenied",
      `${operation} was not denied but answered ${status} ${code ?? ""}`,
    );
  }
  check(
    aws.arrived.length === countBefore && aws.s3.object(bucket, key)?.toString() === content,
    "what was denied reached the fake AWS all the same",
  );
  narrator.say(`Neither reached the fake AWS: ${bucket}/${key} is still there.`);
  await enforcing.close();
}

async function startFakeAws(
  dir: string,
  credentials: Credentials,
): Promise<{ readonly aws: FakeAws; readonly ca: CertificateAuthority }> {
  const ca = await CertificateAuthority.create({
    dir: join(dir, "fake-aws"),
    permittedDnsSuffixes: ["amazonaws.com"],
    years: 1,
  });
  const aws = await FakeAws.start({
    authority: ca,
    credentials,
    principal: { account, userName: "dev", userId: `AIDA${letters(17)}` },
    tables: new Map([[table, { key: "id", items: new Map() }]]),
    queues: new Map([[queue, []]]),
  });
  return { aws, ca };
}

interface LetAgentOptions {
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
  /** What it should be given by the socket. */
  readonly accessKeyId: string;
  /** Whether its own lines are shown beside the proxy's. */
  readonly shows: "all" | "proxy";
}

function letAgent(
  does: "errand" | "strays",
  proxy: DemoProxy,
  { narrator, signal, accessKeyId, shows }: LetAgentOptions,
): Promise<readonly AgentResult[]> {
  return runAgent({
    does,
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      PROXY_SOCK_PATH: proxy.socketPath,
      NODE_EXTRA_CA_CERTS: proxy.caPath,
    },
    onLine: (line: AgentLine) => {
      if ("operation" in line) return shows === "all" ? narrator.agent(line) : undefined;
      check(line.accessKeyId === accessKeyId, `the agent got ${line.accessKeyId}, not ${accessKeyId}`);
    },
    signal,
  });
}

function checkErrand(results: readonly AgentResult[]): void {
  check(results.length === errand.length, `the agent made ${results.length} calls, not ${errand.length}`);
  for (const { operation, status, code, message } of results) {
    check(status === 200, `${operation} was answered ${status} ${code ?? ""} ${message ?? ""}`);
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new UsageError(`the demo did not go as it should: ${what}`, { exitCode: 1 });
}

/** As many of the letters and digits that AWS's ids are made of. */
function letters(count: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from(randomBytes(count), (byte) => alphabet[byte & 31]).join("");
}
