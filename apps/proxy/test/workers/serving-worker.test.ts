import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsSuffixes } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { openInstallKey } from "@iap/cred-vendor";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type OptionName, readSettings } from "../../src/options.ts";
import { PrimaryLink } from "../../src/workers/primary-link.ts";
import { ServingWorker } from "../../src/workers/serving-worker.ts";
import type { FromWorker, ToWorker } from "../../src/workers/worker-messages.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-worker-"));
beforeAll(async () => {
  await CertificateAuthority.open({ dir, permittedDnsSuffixes: awsSuffixes });
  await openInstallKey(join(dir, "install.key"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const allow = (Action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } });

/** A worker, and what it told. */
function worker() {
  const told: FromWorker[] = [];
  const link = new PrimaryLink((message) => void told.push(message));
  const quiet = { write: () => {}, flush: () => {} };
  const serving = new ServingWorker({ link, env: {}, output: { stdout: quiet, stderr: quiet, isTty: false } });
  const say = (message: ToWorker) => serving.onMessage(message, undefined);
  onTestFinished(async () => void (await say({ type: "close", graceMs: 0 })));
  return { told, say };
}

function job(policy: string, flags: Partial<Record<OptionName, unknown>> = {}): ToWorker {
  const settings = readSettings({ dir, mode: "enforce", policy: ["p.json"], workers: 2, ...flags }, {});
  return {
    type: "job",
    job: {
      ...{ settings, version: "1.2.3", agent: "a", run: "r", activityFile: join(dir, "activity.jsonl") },
      ticketKeys: Buffer.alloc(48),
      policies: new Map([["p.json", policy]]),
    },
  };
}

test("it goes by the texts it is given, whatever stands in the files, and says which version that is", async () => {
  const { told, say } = worker();
  expect(await say(job(allow("s3:*")))).toBe(false);
  expect(await say({ type: "policies", policies: new Map([["p.json", allow("sqs:*")]]) })).toBe(false);
  const [ready, reloaded] = told;
  expect([ready?.type, reloaded?.type]).toEqual(["ready", "reloaded"]);
  const version = (message: FromWorker | undefined) =>
    message?.type === "ready" || message?.type === "reloaded" ? message.policyVersion : undefined;
  expect(version(ready)).toMatch(/^[0-9a-f]{12}$/);
  expect(version(reloaded)).toMatch(/^[0-9a-f]{12}$/);
  expect(version(reloaded)).not.toBe(version(ready));
  // A connection that ended on its way is none.
  expect(await say({ type: "connection" })).toBe(false);
  expect(await say({ type: "close", graceMs: 0 })).toBe(true);
});

test("policies that come before it serves are those that it begins with", async () => {
  const { told, say } = worker();
  const starting = say(job(allow("s3:*")));
  await say({ type: "policies", policies: new Map([["p.json", allow("sqs:*")]]) });
  await starting;
  const another = worker();
  await another.say(job(allow("sqs:*")));
  expect(told).toEqual(another.told);
});

test.each<[what: string, messages: readonly ToWorker[], why: RegExp]>([
  ["a policy that is none", [job("{")], /p\.json/],
  [
    "new policies that are none",
    [job(allow("s3:*")), { type: "policies", policies: new Map([["p.json", "{"]]) }],
    /p\.json/,
  ],
  ["new policies without a file", [job(allow("s3:*")), { type: "policies", policies: new Map() }], /has not read it/],
  ["an authority that is not there", [job(allow("s3:*"), { dir: "/nowhere" })], /./],
])("it ends, and says why, on %s", async (_what, messages, why) => {
  const { told, say } = worker();
  const over: boolean[] = [];
  for (const message of messages) {
    const changed =
      message.type === "job" && message.job.settings.dir === "/nowhere"
        ? { ...message, job: { ...message.job, activityFile: "/nowhere/activity.jsonl" } }
        : message;
    over.push(await say(changed));
  }
  expect(over.at(-1)).toBe(true);
  expect(told.at(-1)).toMatchObject({ type: "failed", message: expect.stringMatching(why) });
});
