import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findClient } from "./client.ts";
import { runSteps } from "./client-steps.ts";
import { ConnectTunnel } from "./connect-tunnel.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const python = fileURLToPath(new URL("../clients/boto3_client.py", import.meta.url));
const javascript = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const boto3 = await findClient("boto3");
const clients = [
  ["boto3, retrying as it always did", "python3", python, "legacy", boto3.skip],
  ["boto3, retrying in the standard way", "python3", python, "standard", boto3.skip],
  ["boto3, retrying adaptively", "python3", python, "adaptive", boto3.skip],
  ["the AWS SDK for JavaScript", process.execPath, javascript, "standard", false],
] as const;

/** Operations of each wire form, and how their services call a denial: S3, query, EC2, JSON 1.0, REST-JSON. */
const deniedToAll = [
  ["s3:ListBuckets", "AccessDenied"],
  ["iam:ListUsers", "AccessDenied"],
  ["ec2:DescribeInstances", "UnauthorizedOperation"],
  ["sqs:CreateQueue", /^AccessDenied(Exception)?$/],
  ["dynamodb:PutItem", "AccessDeniedException"],
  ["lambda:ListFunctions", "AccessDeniedException"],
] as const;

/** Those that only one of the clients has: REST-XML, JSON 1.1, CBOR; and HEAD, whose answer has no body to name a code in. */
const deniedTo = new Map<string, readonly (readonly [step: string, code: string | RegExp])[]>([
  [
    python,
    [
      ...deniedToAll,
      ["s3:HeadObject", "403"],
      ["route53:ListHostedZones", "AccessDenied"],
      ["ssm:GetParameter", "AccessDeniedException"],
      ["cloudwatch:ListMetrics", /^AccessDenied(Exception)?$/],
    ],
  ],
  [
    javascript,
    [
      ...deniedToAll,
      ["s3:HeadObject", /^(403|Forbidden|Unknown)$/],
      ["cloudwatch:ListMetrics cbor", /^AccessDenied(Exception)?$/],
      ["cloudwatch:ListMetrics json", /^AccessDenied(Exception)?$/],
      ["cloudwatch:ListMetrics query", /^AccessDenied(Exception)?$/],
    ],
  ],
]);

/** What the agent's keys can be wrong in, and how S3 and STS call it. */
const wrong: readonly (readonly [string, (keys: RealCredentials) => RealCredentials, string, string])[] = [
  [
    "a wrong secret",
    (keys) => ({ ...keys, secretAccessKey: "wrong" }),
    "SignatureDoesNotMatch",
    "SignatureDoesNotMatch",
  ],
  ["a wrong token", (keys) => ({ ...keys, sessionToken: "wrong" }), "InvalidAccessKeyId", "InvalidClientTokenId"],
  ["a key of somebody else", () => sessionCredentials(), "InvalidAccessKeyId", "InvalidClientTokenId"],
];

describe.skipIf(targetKind === "direct")("what is refused is not tried again", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  /** One whose password a corporate proxy does not take. */
  let stranded: ProxyProcess;
  let corporate: ConnectTunnel;
  let before = 0;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kms:ListKeys", Resource: "*" }] };
    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [policy] });
    corporate = await ConnectTunnel.start(fake.port, { authorization: "Basic other" });
    const env = { HTTPS_PROXY: `http://corp:wrong@localhost:${corporate.port}` };
    stranded = await ProxyProcess.start(fake, { credentials, mapped: false, env });
  });
  afterAll(async () => {
    await stranded?.stop();
    await corporate?.close();
  });
  beforeEach(() => {
    before = proxy.activity.length;
    fake.forget();
  });

  const decided = () => proxy.activity.slice(before).filter(({ type }) => type === "decided");

  for (const [name, command, script, retryMode, skip] of clients) {
    describe.skipIf(skip)(`by ${name}`, () => {
      const go = (steps: readonly string[], keys?: RealCredentials, by = proxy) => {
        const env = { ...by.env, AWS_RETRY_MODE: retryMode, AWS_MAX_ATTEMPTS: "5", ...(keys ? keyEnv(keys) : {}) };
        // To the SDK for JavaScript a profile comes before keys; boto3 finds its certificates by the profile.
        if (keys !== undefined && script === javascript) delete (env as NodeJS.ProcessEnv).AWS_PROFILE;
        return runSteps(command, [script, "retry-bucket", ...steps], env);
      };

      test("when a policy denies it, in any wire form", async () => {
        const denied = deniedTo.get(script) ?? [];
        const steps = denied.map(([step]) => step);
        const client = await go(steps);
        for (const [step, code] of denied) {
          const error = client.error(step);
          expect(error.name, step).toMatch(code);
          expect(error.attempts, step).toBe(1);
        }
        expect(decided()).toHaveLength(steps.length);
        expect(fake.arrived).toEqual([]);
      });

      test("when AWS is out of reach until somebody changes something", async () => {
        const steps = [
          "s3:ListBuckets",
          "iam:ListUsers",
          "ec2:DescribeInstances",
          "dynamodb:PutItem",
          "lambda:ListFunctions",
        ];
        const client = await go(steps, undefined, stranded);
        for (const step of steps) expect(client.error(step), step).toMatchObject({ status: 501, attempts: 1 });
      });

      test.each(wrong)("when it is signed with %s", async (_, change, s3Code, stsCode) => {
        const steps = ["s3:ListBuckets", "sts:GetCallerIdentity"];
        const client = await go(steps, change(await proxy.agentCredentials()));
        expect([client.error("s3:ListBuckets").name, client.error("sts:GetCallerIdentity").name]).toEqual([
          s3Code,
          stsCode,
        ]);
        expect(decided()).toHaveLength(steps.length);
        expect(fake.arrived).toEqual([]);
      });
    });
  }
});

function keyEnv({ accessKeyId, secretAccessKey, sessionToken = "" }: RealCredentials): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}
