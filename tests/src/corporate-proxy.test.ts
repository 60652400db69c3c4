import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runSteps } from "./client-steps.ts";
import { ConnectTunnel } from "./connect-tunnel.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const steps = [
  "sts:GetCallerIdentity",
  "s3:CreateBucket",
  "s3:PutObject buffer",
  "s3:GetObject buffer",
  "sqs:CreateQueue",
];
const authorization = `Basic ${Buffer.from("corp:p@ss word").toString("base64")}`;
const userInfo = "corp:p%40ss%20word@";

describe.skipIf(targetKind === "direct")("where a company's proxy is the only way to AWS", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess | undefined;
  let corporate: ConnectTunnel | undefined;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
  });

  test.each(["http", "https"] as const)("an agent works through it, %s:// and with a password", async (scheme) => {
    const tls = scheme === "https" ? { sniCallback: fake.ca.sniCallback } : {};
    corporate = await ConnectTunnel.start(fake.port, { ...tls, authorization });
    const HTTPS_PROXY = `${scheme}://${userInfo}localhost:${corporate.port}`;
    proxy = await ProxyProcess.start(fake, { credentials, mapped: false, env: { HTTPS_PROXY } });

    const { value } = await runSteps(process.execPath, [script, `corp-${scheme}`, ...steps], proxy.env);
    for (const step of steps) value(step);
    expect(new Set(corporate.asked).size).toBeGreaterThanOrEqual(3);
    expect(fake.problems).toEqual([]);
    expect(fake.occurrences(authorization)).toEqual([]);

    await proxy.stop();
    const written = proxy.stdout + proxy.stderr + JSON.stringify(proxy.activity);
    expect(written).toContain(`through the proxy localhost:${corporate.port}`);
    expect(written).not.toMatch(/p@ss|p%40ss|Basic /);
    await corporate.close();
  });

  test("a wrong password is told with what to do, as an error that SDKs do not send again or take for a denial", async () => {
    corporate = await ConnectTunnel.start(fake.port, { authorization });
    const env = { HTTPS_PROXY: `http://corp:wrong@localhost:${corporate.port}` };
    proxy = await ProxyProcess.start(fake, { credentials, mapped: false, env });
    const { error } = await runSteps(process.execPath, [script, "corp", "sts:GetCallerIdentity"], proxy.env);
    const { status, message } = error("sts:GetCallerIdentity");
    expect(status).toBe(501);
    expect(message).toContain("407");
    await proxy.stop();
    expect(proxy.stdout + proxy.stderr + message).not.toContain("wrong@");
    await corporate.close();
  });
});
