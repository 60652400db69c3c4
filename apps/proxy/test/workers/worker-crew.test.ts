import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startProgram } from "../program.ts";

const home = mkdtempSync(join(tmpdir(), "iap-crew-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a request that is no CONNECT is answered. */
function answer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  });
}

async function eventually(holds: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("several processes serve, reload, are replaced and stop as one", { timeout: 60_000 }, async () => {
  const policy = join(home, "policy.json");
  const allow = (Action: string): void =>
    writeFileSync(
      policy,
      JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } }),
    );
  allow("s3:*");
  const env = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "x",
  };
  const options = ["--workers", "2", "--port", "0", "--host", "127.0.0.1", "--mode", "enforce", "--policy", policy];
  const identity = ["--account-id", "123456789012", "--principal-arn", "arn:aws:iam::123456789012:user/dev"];
  const { child, output, ended } = await startProgram(["start", ...options, ...identity], env, { until: /Ctrl-C/ });
  expect(output()).toContain("workers     2 processes");
  const port = Number(/localhost:(\d+)/.exec(output())?.[1]);
  for (let i = 0; i < 4; i++) expect(await answer(port)).toMatch(/^HTTP\/1\.1 400 /);

  allow("sqs:*");
  child.kill("SIGHUP");
  await eventually(() => output().includes("policies reloaded"), "the reload");
  for (let i = 0; i < 4; i++) expect(await answer(port)).toMatch(/^HTTP\/1\.1 400 /);
  expect(output()).not.toContain("has ended");

  child.kill("SIGINT");
  expect(await ended).toBe(0);
  await expect(answer(port)).rejects.toThrow("ECONNREFUSED");
});
