/*
 * The demo's agent: a program of its own that knows of the proxy what every agent knows, from its environment, and of
 * AWS credentials what the vending socket gives it. Its argument names what it does. It writes lines of JSON to stdout:
 * the access key id it got, then what came of each call.
 */
import { Credentials } from "@iap/aws-core";
import { fetchCredentials } from "@iap/cred-vendor";
import { errand, strays } from "./agent-calls.ts";
import type { AgentLine } from "./agent-line.ts";
import { send, tunnelThrough } from "./send.ts";

const { HTTPS_PROXY, PROXY_SOCK_PATH } = process.env;
if (!HTTPS_PROXY || !PROXY_SOCK_PATH) throw new Error("HTTPS_PROXY and PROXY_SOCK_PATH must be set");
const calls = process.argv[2] === "strays" ? strays : errand;
const write = (line: AgentLine): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

const vended = await fetchCredentials({ socketPath: PROXY_SOCK_PATH });
const credentials = new Credentials({
  accessKeyId: vended.AccessKeyId,
  secretAccessKey: vended.SecretAccessKey,
  sessionToken: vended.SessionToken,
});
write({ accessKeyId: credentials.accessKeyId });

const connect = tunnelThrough(new URL(HTTPS_PROXY));
for (const call of calls) {
  const { status, text, code, message } = await send(call, { credentials, connect, now: new Date() });
  const found = status < 400 ? call.found?.exec(text)?.[1] : undefined;
  write({ operation: call.operation, subject: call.subject, status, found, code, message });
}
