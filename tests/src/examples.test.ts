import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { runOk } from "./child.ts";

const folder = fileURLToPath(new URL("../../examples/http-mitm-proxy", import.meta.url));

beforeAll(async () => {
  const modified = (file: string): number => statSync(`${folder}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (modified("node_modules/.package-lock.json") >= modified("package-lock.json")) return;
  await runOk("npm", ["ci", "--no-audit", "--no-fund"], { env: process.env, cwd: folder, timeoutMs: 120_000 });
}, 130_000);

test("the pipeline inside an http-mitm-proxy program lets through what is verified and allowed, and nothing else", async () => {
  const { start } = (JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { scripts: { start: string } })
    .scripts;
  expect(start).toBe("node main.mjs");
  const output = await runOk(process.execPath, ["main.mjs"], { env: process.env, cwd: folder, timeoutMs: 60_000 });
  // The rest is what http-mitm-proxy itself prints. What broke off may be told before or after the client is.
  const lines = output.split("\n").filter((line) => /^(proxy|aws|agent) /.test(line));
  expect(lines.filter((line) => !line.startsWith("aws "))).toEqual([
    "proxy  allowed  s3:PutObject",
    "agent  an upload that streams: 200",
    "proxy  allowed  sqs:SendMessage",
    "agent  a message: 200",
    "proxy  implicitDeny  sqs:SendMessage",
    "agent  a message to another queue: 400 AccessDeniedException",
    "proxy  implicitDeny  s3:PutObject",
    "agent  an upload elsewhere: 403 AccessDenied",
    "proxy  explicitDeny  sts:GetSessionToken",
    "agent  real credentials: 403 AccessDenied",
    "proxy  allowed  s3:PutObject",
    "agent  an upload changed on the way: 400 XAmzContentSHA256Mismatch",
    "agent  a request of another key: 400 UnrecognizedClientException",
  ]);
  expect(lines.filter((line) => line.startsWith("aws "))).toEqual([
    "aws    PUT /2026/summary.csv: 200000 bytes, signed by ASIAREAL",
    "aws    POST /: 87 bytes, signed by ASIAREAL",
    "aws    an upload that broke off",
  ]);
}, 90_000);
