import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Exited, run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { MotoServer } from "./moto-server.ts";
import { ProxyProcess, proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { TlsTerminator } from "./tls-terminator.ts";

const script = fileURLToPath(new URL("../clients/scenarios.py", import.meta.url));
const moto = await findClient("moto");

/** The policies were read line by line; `UPDATE_SCENARIOS=1` writes them anew, to be read again. */
const expected = (name: string): URL => new URL(`../fixtures/scenarios/${name}.policy.json`, import.meta.url);

type Job = (env: NodeJS.ProcessEnv) => Promise<unknown>;
const python =
  (name: string): Job =>
  (env) =>
    runOk("python3", [script, name], { env });

/** A folder goes to S3, changes, goes again, and comes back. */
const s3Sync: Job = async (env) => {
  const folder = tempDir("sync");
  const day = join(folder, "2026", "11");
  mkdirSync(day, { recursive: true });
  for (const part of [1, 2, 3]) writeFileSync(join(day, `part-${part}.csv`), `${part}`);
  const aws = (...args: string[]): Promise<string> => runOk("aws", args, { env });
  await aws("s3", "mb", "s3://acme-reports");
  await aws("s3", "sync", folder, "s3://acme-reports/daily", "--sse", "AES256");
  rmSync(join(day, "part-3.csv"));
  await aws("s3", "sync", folder, "s3://acme-reports/daily", "--delete");
  await aws("s3", "sync", "s3://acme-reports/daily", join(folder, "back"));
  await aws("s3", "cp", "s3://acme-reports/daily/2026/11/part-1.csv", "s3://acme-reports/latest.csv");
};

const jobs: readonly (readonly [name: string, job: Job])[] = [
  ["s3-sync", s3Sync],
  ["dynamodb-crud", python("dynamodb-crud")],
  ["lambda-deploy", python("lambda-deploy")],
  ["ecs-rollout", python("ecs-rollout")],
  ["iam-bootstrap", python("iam-bootstrap")],
];

describe.skipIf(moto.skip || targetKind === "direct")("a job, recorded with real clients against moto", () => {
  let server: MotoServer;
  let tls: TlsTerminator;
  beforeAll(async () => {
    server = await MotoServer.start();
    tls = await TlsTerminator.start(server.port);
  });

  test.each(jobs)("%s gives the policy one would sign, and the policy its job", async (name, job) => {
    const credentials = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "a-secret-that-moto-does-not-check" };
    const proxy = await ProxyProcess.start(tls, { credentials, mode: "record" });
    const command = (...more: string[]): Promise<Exited> =>
      run(process.execPath, [proxyBin, ...more, "--dir", proxy.dir], { env: proxy.env });
    try {
      await job(proxy.env);
      await proxy.stop();
      const { code, stdout, stderr } = await command("policy");
      expect(code, stderr).toBe(0);
      expect(stderr).toContain("Over-grant ratio 1.00");
      const policy = steady(stdout);
      if (process.env.UPDATE_SCENARIOS !== undefined) writeFileSync(expected(name), policy);
      expect(policy).toBe(readFileSync(expected(name), "utf8"));

      const file = join(proxy.home, "policy.json");
      writeFileSync(file, stdout);
      expect(await command("replay", "--policy", file)).toMatchObject({ code: 0 });
      expect(await command("diff", "--policy", file)).toMatchObject({ code: 0 });
    } finally {
      await proxy.kill();
    }
  });
});

/** The ids that moto draws become numbers in the order in which they come. */
function steady(text: string): string {
  const ids = new Map<string, string>();
  return text.replace(
    /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|(?<=-)[0-9a-f]{17}\b|(?<=\/)[0-9a-f]{16}\b/g,
    (id) => {
      const known = ids.get(id) ?? `id${ids.size + 1}`;
      ids.set(id, known);
      return known;
    },
  );
}
