import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { exchange, type RawAnswer, type SignOptions } from "./raw-client.ts";
import { errorCode, sts, stsHead, stsHost } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const body = "Action=GetCallerIdentity&Version=2011-06-15";

describe.skipIf(targetKind === "direct")("nothing leaves with the real keys", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let agent: RealCredentials;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    agent = await proxy.agentCredentials();
  });
  beforeEach(() => fake.forget());
  afterAll(() => proxy?.stop());

  const send = async (
    changes: Partial<SignOptions> = {},
    edit: (head: string) => string = (head) => head,
  ): Promise<RawAnswer> => exchange(proxy.env, stsHost, [edit(await stsHead({ agent, body, ...changes })), body]);

  test("but for a request that an agent key signed", async () => {
    const answer = await send();
    expect(answer.status, answer.bytes.toString()).toBe(200);
    expect(fake.operations).toEqual(["sts:GetCallerIdentity"]);
    expect(fake.problems).toEqual([]);
  });

  test.each<[string, string, number, Partial<SignOptions> | (() => Partial<SignOptions>), ((head: string) => string)?]>(
    [
      ["unsigned", "MissingAuthenticationToken", 403, {}, (head) => head.replace(/^authorization: .*\r\n/im, "")],
      [
        "signed with a wrong secret",
        "SignatureDoesNotMatch",
        403,
        () => ({ credentials: { ...agent, secretAccessKey: "A".repeat(40) } }),
      ],
      ["signed with an unknown key", "InvalidClientTokenId", 403, { credentials: sessionCredentials() }],
      ["signed with the real key itself", "InvalidClientTokenId", 403, { credentials }],
      [
        "changed after it was signed",
        "SignatureDoesNotMatch",
        403,
        {},
        (head) => head.replace("POST / ", "POST /?x=1 "),
      ],
      ["signed an hour ago", "SignatureDoesNotMatch", 403, { date: new Date(Date.now() - 3600_000) }],
      ["signed for another service", "SignatureDoesNotMatch", 403, { service: "iam" }],
      ["signed for another region", "SignatureDoesNotMatch", 403, { region: "eu-west-1" }],
    ],
  )("for a request %s", async (_name, expected, status, changes, edit) => {
    const answer = await send(typeof changes === "function" ? changes() : changes, edit);
    expect({ status: answer.status, code: errorCode(answer) }, answer.bytes.toString()).toEqual({
      status,
      code: expected,
    });
    expect(fake.arrived).toEqual([]);
  });

  test("for a request whose Host is not the host that was connected to", async () => {
    const answer = await send({}, (head) => head.replace(/^host: .*$/im, "host: iam.amazonaws.com"));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(fake.arrived).toEqual([]);
  });

  test("for an operation that hands out credentials", async () => {
    const answer = await sts(proxy, { agent, body: "Action=GetSessionToken&Version=2011-06-15" });
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 403, code: "AccessDenied" });
    expect(fake.arrived).toEqual([]);
  });

  test("and each of them is on record, once", () => {
    const decided = proxy.activity.filter(({ type }) => type === "decided");
    const story = decided.map(({ forwarded, host: to, decision }) => `${forwarded} ${to} ${JSON.stringify(decision)}`);
    expect(decided.filter(({ forwarded }) => forwarded)).toHaveLength(1);
    expect(decided, story.join("\n")).toHaveLength(11);
  });

  test("when there are none: every request is answered 503 in its own words", async () => {
    const without = await ProxyProcess.start(fake, { credentials: undefined });
    try {
      const answer = await sts(without, { agent: await without.agentCredentials(), body });
      expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 503, code: "ServiceUnavailable" });
      expect(fake.arrived).toEqual([]);
    } finally {
      await without.stop();
    }
  });
});
