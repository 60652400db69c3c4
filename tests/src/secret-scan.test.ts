import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { awsConfigFile, scrubbedEnv } from "./agent-env.ts";
import { run } from "./child.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { echoSignatureError, FakeAws } from "./fake-aws.ts";
import { type Behaviour, FaultyAws, untilHead } from "./faulty-aws.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import { RunCommand } from "./run-command.ts";
import { placesOf, type SecretForm, secretForms } from "./secret-forms.ts";
import { type AgentRequest, s3, s3Host, sts } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const password = "corporate-proxy-password-7f3a";
const client = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));

/**
 * The proxy in every way it can talk, along every path on which something goes wrong, with credentials that are known here.
 * All it wrote and answered is searched for them, for pieces of them and for what is made of them, in every encoding.
 */
describe.skipIf(targetKind === "direct")("the real credentials", { timeout: 240_000 }, () => {
  const credentials = sessionCredentials();
  const seen = new Map<string, Buffer>();
  let fake: FakeAws;
  let aws: FaultyAws;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    aws = await FaultyAws.start(fake);
  });

  const see = (where: string, what: string | Uint8Array): void => void seen.set(where, Buffer.from(what));
  const seeFiles = (folder: string): void => {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) see(`file ${path}`, readFileSync(path));
    }
  };
  /** A proxy, something done with it, and all that it left. */
  const session = async (
    name: string,
    options: Partial<ProxyOptions>,
    act: (
      proxy: ProxyProcess,
      ask: (what: string, request: Partial<AgentRequest>, send?: typeof s3) => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> => {
    const proxy = await ProxyProcess.start(aws, { credentials, ...options });
    const agent = await proxy.agentCredentials();
    await act(proxy, async (what, request, send = s3) => {
      const answer = await send(proxy, { agent, ...request }).then(
        ({ bytes }) => bytes,
        (error: Error) => Buffer.from(`${error.stack}`),
      );
      see(`${name}: the answer to ${what}`, answer);
    });
    const commands = [
      ...[["log"], ["log", "--json"], ["policy"], ["ca"], ["env"], ["reload"]],
      // It tries every client there is, which takes its time: once is enough.
      ...(name === "log text" ? [["doctor", "--json"]] : []),
    ];
    for (const command of commands) {
      const dir = command[0] === "env" || command[0] === "doctor" ? [] : ["--dir", proxy.dir];
      const { stdout, stderr } = await run(process.execPath, [proxyBin, ...command, ...dir], {
        env: { ...scrubbedEnv(proxy.home), ...credentialVariables(options.credentials ?? credentials) },
        timeoutMs: 120_000,
      });
      see(`${name}: iam-agent-proxy ${command.join(" ")}`, stdout + stderr);
    }
    const { stdout, stderr } = await proxy.stop();
    see(`${name}: stdout`, stdout);
    see(`${name}: stderr`, stderr);
    seeFiles(proxy.home);
  };

  /** Gives back what it was sent, where it does not belong. */
  const echoes: readonly [string, Behaviour][] = [
    ["as no HTTP at all", echo((head) => head)],
    ["in a header that is none", echo((head) => `HTTP/1.1 200 OK\r\n${head.replaceAll("\r\n", " ")}\0\r\n\r\n`)],
    ["as the length of a body", echo((head) => `HTTP/1.1 200 OK\r\nContent-Length: ${tokenIn(head)}\r\n\r\n`)],
    ["as a status", echo((head) => `HTTP/1.1 ${tokenIn(head)} X\r\n\r\n`)],
  ];

  test.each([
    ["text", []],
    ["json", ["--log-format", "json"]],
  ])("with --log-format %s, along every path", async (format, args) => {
    await session(`log ${format}`, { args }, async (proxy, ask) => {
      await ask("CreateBucket", { method: "PUT", path: "/scan" });
      await ask("PutObject", { method: "PUT", path: "/scan/object", body: "whole" });
      await ask("GetObject", { path: "/scan/object" });
      await ask("a signature AWS does not like", { path: `/scan/${echoSignatureError}` });
      await ask("a wrong secret", { path: "/scan/object", agent: { ...credentials, secretAccessKey: "wrong" } });
      await ask("the real key itself", { path: "/scan/object", agent: credentials });
      await ask("an old signature", { path: "/scan/object", date: new Date(Date.now() - 3600_000) });
      await ask("a body that is too long for us", { body: "x".repeat(33 << 20) }, sts);
      const mints = { body: "Action=GetSessionToken&Version=2011-06-15" };
      await ask("an operation that hands out credentials", mints, sts);
      for (const [how, behaviour] of echoes) {
        await aws.behave(behaviour);
        await ask(`an AWS that echoes the request ${how}`, { path: "/scan/object" });
      }
      await aws.behave((raw) => raw.destroy());
      await ask("an AWS that hangs up", { path: "/scan/object" });
      await aws.behave(async (_raw, secured) => void (await secured(await aws.ca.expiredContext(s3Host))));
      await ask("an AWS whose certificate has expired", { path: "/scan/object" });
      await aws.behave(aws.passes);
      process.kill(proxy.pid, "SIGHUP");
      await ask("GetObject again", { path: "/scan/object" });
    });
  });

  test("in enforce and shadow mode", async () => {
    for (const mode of ["enforce", "shadow"] as const) {
      const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:Get*", Resource: "*" }] };
      await session(mode, { mode, policies: [policy] }, async (_proxy, ask) => {
        await ask("what is allowed", { path: "/scan/object" });
        await ask("what is denied", { method: "PUT", path: "/scan/denied", body: "x" });
      });
    }
  });

  test("of a credential_process that prints them where they do not belong", async () => {
    const source = tempDir("scan-source");
    const told = join(source, "told");
    const good = JSON.stringify({
      Version: 1,
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
    });
    const script = join(source, "source.mjs");
    writeFileSync(
      script,
      `import { readFileSync } from "node:fs";
       const told = readFileSync(${JSON.stringify(told)}, "utf8");
       if (told.startsWith("!")) { process.stderr.write(told); process.exitCode = 1; } else process.stdout.write(told);`,
    );
    for (const [what, text] of [
      ["on stderr, and fails", `!${good}`],
      ["in JSON that breaks off", good.slice(0, -5)],
      ["in JSON of another kind", good.replace('"Version":1', '"Version":"1"')],
      ["beside an expiration that is none", good.replace("}", ',"Expiration":"soon"}')],
    ] as const) {
      writeFileSync(told, text);
      const home = tempDir("scan-home");
      mkdirSync(join(home, ".aws"));
      writeFileSync(awsConfigFile(home), `[profile real]\ncredential_process = ${process.execPath} ${script}\n`);
      const options = { credentials: undefined, home, env: { AWS_PROFILE: "real" } };
      await session(what, options, (_proxy, ask) => ask("a request", { path: "/scan/object" }));
    }
  });

  test("of a role that the proxy assumes, and of roles that its agent does, whatever STS answers", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/agent";
    await session("assumed", { args: ["--assume-role", roleArn] }, (_proxy, ask) =>
      ask("a request", { path: "/scan/object" }),
    );
    const body = `Action=AssumeRole&Version=2011-06-15&RoleArn=${encodeURIComponent(roleArn)}&RoleSessionName=scan`;
    await session("virtual", { args: ["--allow-credentials-from", "sts:AssumeRole"] }, async (_proxy, ask) => {
      await ask("AssumeRole", { body }, sts);
      const keys = `<AccessKeyId>${credentials.accessKeyId}</AccessKeyId><SecretAccessKey>${credentials.secretAccessKey}</SecretAccessKey>`;
      for (const [how, document] of [
        ["that breaks off", `<AssumeRoleResponse><AssumeRoleResult><Credentials>${keys}`],
        ["with the keys elsewhere", `<AssumeRoleResponse>${keys}</AssumeRoleResponse>`],
        [
          "with the keys twice",
          `<AssumeRoleResponse><AssumeRoleResult><Credentials>${keys}${keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        ],
        ["that is JSON", JSON.stringify({ Credentials: credentials })],
      ] as const) {
        await aws.behave(
          echo(
            () => `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${document.length}\r\n\r\n${document}`,
          ),
        );
        await ask(`AssumeRole, answered by a document ${how}`, { body }, sts);
      }
      await aws.behave(aws.passes);
    });
    expect(fake.roles.assumed.length).toBeGreaterThanOrEqual(2);
  });

  test("by `run`, quiet, verbose and as JSON", async () => {
    for (const args of [["--quiet"], ["--verbose"], ["--json"], ["--verbose", "--json"]]) {
      const user = new RunCommand(aws, credentials);
      const { stdout, stderr } = await user.run(
        [process.execPath, "-e", "console.log(process.env); setTimeout(() => {}, 200)"],
        { args },
      );
      see(`run ${args.join(" ")}`, stdout + stderr);
      const sdk = await user.run(
        [process.execPath, client, "scan-run", "sts:GetCallerIdentity", `s3:${echoSignatureError}`],
        { args },
      );
      see(`run ${args.join(" ")} of the SDK`, sdk.stdout + sdk.stderr);
      seeFiles(user.home);
    }
  });

  test("and the password of a company's proxy that is not there", async () => {
    const env = { HTTPS_PROXY: `http://user:${password}@127.0.0.1:9` };
    await session("corporate", { env, mapped: false }, (_proxy, ask) => ask("a request", { path: "/scan/object" }));
  });

  test("stand, whole or in pieces, in no file, no output and no answer", () => {
    expect(seen.size).toBeGreaterThan(150);
    expect(fake.occurrences(credentials.sessionToken as string).length, "they were not used at all").toBeGreaterThan(
      10,
    );
    const today = new Date(Date.now()).toISOString().slice(0, 10).replaceAll("-", "");
    const scopes = ["s3", "sts"].map((service) => ({ date: today, region: "us-east-1", service }));
    const forms = [credentials, ...fake.roles.assumed.map((one) => one.credentials)].flatMap((one) =>
      secretForms(one, scopes),
    );
    const texts = [password, Buffer.from(`user:${password}`).toString("base64")];
    forms.push(...texts.map((text): SecretForm => ({ what: "the password", bytes: Buffer.from(text) })));
    expect(placesOf(forms, seen)).toEqual([]);
    const signatures = fake.arrived.flatMap(({ wire }) => [
      ...wire.headers
        .map(([, value]) => value)
        .join(" ")
        .matchAll(/Signature=([0-9a-f]{64})/g),
    ]);
    expect(signatures.length).toBeGreaterThan(10);
    const real = signatures.map(([, hex]): SecretForm => ({ what: "a signature", bytes: Buffer.from(hex as string) }));
    expect(placesOf(real, seen)).toEqual([]);
  });

  test.each(["latin1", "hex", "base64", "base64url", "utf16le"] as const)("would have been found in %s", (encoding) => {
    const scope = { date: "20260101", region: "us-east-1", service: "s3" };
    const forms = secretForms(credentials, [scope]);
    const secret = credentials.secretAccessKey;
    for (const text of [secret, `user:${secret}@host`, secret.slice(3, 30), credentials.sessionToken as string]) {
      const written =
        encoding === "utf16le" ? Buffer.from(text, encoding) : Buffer.from(Buffer.from(text).toString(encoding));
      expect(
        placesOf(forms, new Map([["here", Buffer.concat([Buffer.from("..."), written, Buffer.from("...")])]])),
      ).toHaveLength(1);
    }
  });
});

function echo(answer: (head: string) => string): Behaviour {
  return async (_raw, secured) => {
    const socket = await secured();
    socket.end(answer(await untilHead(socket)), "latin1");
  };
}

function tokenIn(head: string): string {
  return /^x-amz-security-token: (.*)$/im.exec(head)?.[1] ?? "";
}

function credentialVariables({ accessKeyId, secretAccessKey, sessionToken }: RealCredentials): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}
