import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Exited, run } from "./child.ts";
import { findClient } from "./client.ts";
import { runSteps, type StepRun } from "./client-steps.ts";
import { echoSignatureError, FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { exchange, signedHead } from "./raw-client.ts";
import { placesOf, secretForms } from "./secret-forms.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const steps = [
  ...["sts:GetCallerIdentity", "s3:CreateBucket", "s3:PutObject buffer", "s3:PutObject stream", "s3:GetObject buffer"],
  ...[
    "s3:presigned GET",
    "s3:GetObject missing",
    `s3:${echoSignatureError}`,
    "dynamodb:CreateTable",
    "dynamodb:PutItem",
  ],
  ...["sqs:CreateQueue", "cloudwatch:PutMetricData cbor", "iam:ListUsers"],
];
const cli = await findClient("the AWS CLI");

describe.skipIf(targetKind === "direct")("the real secret key and session token", () => {
  const credentials = sessionCredentials();
  /** Everything that anybody but AWS got to see, by where it was seen. */
  const seen = new Map<string, Buffer>();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let client: StepRun;
  let debug: Exited | undefined;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    client = await runSteps(process.execPath, [script, "secrets", ...steps], proxy.env);
    seen.set("what the SDK for JavaScript wrote", Buffer.from(client.output));

    // AWS answers a bad signature with the canonical request, and so with the session token, in every protocol.
    const agent = await proxy.agentCredentials();
    const echoes = [
      {
        service: "s3",
        host: "s3.us-east-1.amazonaws.com",
        method: "GET",
        path: `/secrets/${echoSignatureError}`,
        type: undefined,
        body: "",
      },
      {
        service: "dynamodb",
        host: "dynamodb.us-east-1.amazonaws.com",
        method: "POST",
        path: "/",
        type: "application/x-amz-json-1.0",
        body: `{"TableName":"${echoSignatureError}"}`,
      },
      {
        service: "iam",
        host: "iam.amazonaws.com",
        method: "POST",
        path: "/",
        type: "application/x-www-form-urlencoded",
        body: `Action=ListUsers&Version=2010-05-08&PathPrefix=/${echoSignatureError}/`,
      },
      {
        service: "lambda",
        host: "lambda.us-east-1.amazonaws.com",
        method: "GET",
        path: `/2015-03-31/functions/${echoSignatureError}`,
        type: undefined,
        body: "",
      },
    ];
    for (const { service, host, method, path, type, body } of echoes) {
      const { head } = await signedHead({
        ...{ credentials: agent, service, host, method, path, body },
        headers: {
          ...(type ? { "content-type": type, "content-length": String(body.length) } : {}),
          ...(service === "dynamodb" ? { "x-amz-target": "DynamoDB_20120810.DescribeTable" } : {}),
        },
      });
      const answer = await exchange(proxy.env, host, [head, body]);
      seen.set(`the answer of ${service} to a bad signature`, answer.bytes);
      expect(answer.status, `${service}: ${answer.bytes}`).toBeGreaterThanOrEqual(400);
    }
    if (!cli.skip) {
      debug = await run(
        "aws",
        ["--debug", "s3api", "get-object", "--bucket", "secrets", "--key", "buffer", "/dev/null"],
        { env: proxy.env },
      );
      seen.set("what aws --debug wrote", Buffer.from(debug.stdout + debug.stderr));
    }
    const exited = await proxy.stop();
    seen.set("stdout of the proxy", Buffer.from(exited.stdout));
    seen.set("stderr of the proxy", Buffer.from(exited.stderr));
    for (const entry of readdirSync(proxy.home, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) seen.set(`file ${path}`, readFileSync(path));
    }
  });

  test("were used: the run is one that could have leaked them", () => {
    for (const step of steps.filter((one) => !/missing|echo/.test(one))) client.value(step);
    client.error(`s3:${echoSignatureError}`);
    expect(fake.problems).toEqual([]);
    expect(
      fake.operations.filter((operation) => operation.endsWith("EchoSignatureError")).length,
    ).toBeGreaterThanOrEqual(5);
    expect(fake.occurrences(credentials.sessionToken as string).length).toBeGreaterThan(0);
    expect(cli.skip || debug?.code).toBe(cli.skip || 0);
    expect([...seen.keys()].filter((name) => /activity\.jsonl|actions\.log/.test(name))).toHaveLength(2);
  });

  test("stand in no file, no output and no answer, whole or in pieces", () => {
    expect(placesOf(secretForms(credentials), seen)).toEqual([]);
  });

  test("no signature of the real key does either", () => {
    const signatures = fake.arrived.flatMap(({ wire }) => [
      ...`${wire.target} ${wire.headers.map(([, value]) => value).join(" ")}`.matchAll(/Signature=([0-9a-f]{64})/g),
    ]);
    expect(signatures.length).toBeGreaterThan(steps.length);
    const forms = signatures.map(([, hex]) => ({ what: "a signature", bytes: Buffer.from(hex as string) }));
    expect(placesOf(forms, seen)).toEqual([]);
  });
});
