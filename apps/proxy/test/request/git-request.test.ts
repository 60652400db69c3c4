import { Credentials, type Headers, headerValue, headerValues } from "@iap/aws-core";
import { gitPassword } from "@iap/sigv4";
import { afterEach, expect, test } from "vitest";
import { unsignedRequest } from "../agent-request.ts";
import { InterceptedPipeline, type InterceptedPipelineOptions } from "../intercepted-pipeline.ts";

const host = "git-codecommit.eu-west-1.amazonaws.com";
const repository = { host, path: "/v1/repos/app", region: "eu-west-1" };
const discovery = "/v1/repos/app/info/refs?service=git-upload-pack";

let proxy: InterceptedPipeline;
afterEach(() => proxy.close());

const open = async (options: InterceptedPipelineOptions = {}): Promise<void> => {
  proxy = await InterceptedPipeline.open(options);
};

function basic(of: Credentials, asked = repository): Headers {
  const { username, password } = gitPassword(asked, { credentials: of, now: new Date() });
  return [["Authorization", `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`]];
}

async function ask(method: string, target: string, headers: Headers, body = "") {
  const answer = await proxy.send(unsignedRequest({ host, method, target, headers, body }), body);
  return { status: answer.status, headers: answer.headers, text: Buffer.from(answer.body).toString("utf8") };
}

test.each([
  ["GET", discovery, "GitPull"],
  ["GET", "/v1/repos/app/info/refs?service=git-receive-pack", "GitPush"],
  ["POST", "/v1/repos/app/git-upload-pack", "GitPull"],
  ["POST", "/v1/repos/app/git-receive-pack", "GitPush"],
])("%s %s is %s, and goes on with a password of the real credentials alone", async (method, target, operation) => {
  await open();
  proxy.aws.answer = (response) => response.end("0000");
  const answer = await ask(method, target, basic(proxy.agent.credentials), method === "POST" ? "0000" : "");
  expect(answer).toMatchObject({ status: 200, text: "0000" });
  const [seen] = proxy.aws.seen;
  const { username, password } = gitPassword(repository, { credentials: proxy.real, now: new Date() });
  const values = headerValues(seen?.headers ?? [], "authorization");
  expect(values).toHaveLength(1);
  const [user, made] = Buffer.from((values[0] ?? "").slice(6), "base64")
    .toString()
    .split(":");
  expect(user).toBe(username);
  expect(made?.length).toBe(password.length);
  expect(headerValue(seen?.headers ?? [], "user-agent")).toBe("by/tester");
  const { decided } = await proxy.records();
  expect(decided).toMatchObject({
    service: "codecommit",
    operations: [operation],
    forwarded: true,
    region: "eu-west-1",
  });
  expect(decided.checks).toMatchObject([
    { action: `codecommit:${operation}`, resource: { arn: "arn:aws:codecommit:eu-west-1:123456789012:app" } },
  ]);
});

test("a request without a User-Agent has none for the policy either", async () => {
  await open({ unnamed: true });
  proxy.aws.answer = (response) => response.end("0000");
  expect(await ask("GET", discovery, basic(proxy.agent.credentials))).toMatchObject({ status: 200 });
  const [check] = (await proxy.records()).decided.checks;
  expect(check?.context).toEqual({ "aws:RequestedRegion": "eu-west-1" });
  expect(check?.authoritative).toContain("aws:UserAgent");
});

test("without a password git is told to bring one; with a wrong one, why it is wrong", async () => {
  await open();
  const bare = await ask("GET", discovery, []);
  expect(bare.status).toBe(401);
  expect(headerValue(bare.headers, "www-authenticate")).toBe('Basic realm="CodeCommit"');
  const other = await ask("GET", discovery, basic(proxy.agent.credentials, { ...repository, path: "/v1/repos/other" }));
  expect(other).toMatchObject({ status: 403, text: expect.stringContaining("does not match") });
  const { accessKeyId, secretAccessKey } = proxy.agent.credentials;
  const foreign = await ask("GET", discovery, basic(new Credentials({ accessKeyId, secretAccessKey })));
  expect(foreign).toMatchObject({ status: 403, text: expect.stringContaining("is not one this proxy vended") });
  expect(proxy.decided.map(({ forwarded, decision }) => [forwarded, decision.by])).toEqual(
    Array.from({ length: 3 }, () => [false, "guard"]),
  );
});

test.each([
  ["GET", "/v1/repos/app/info/refs"],
  ["GET", `${discovery}&service=git-receive-pack`],
  ["GET", "/v1/repos/app/info/refs?service=git-upload-archive"],
  ["POST", discovery],
  ["POST", "/v1/repos/app/git-upload-pack?service=git-receive-pack"],
  ["GET", "/v1/repos/app/git-upload-pack"],
  ["POST", "/v1/repos/app/../other/git-upload-pack"],
  ["POST", "/v1/repos/../git-upload-pack"],
  ["POST", "/v1/repos/a%2fb/git-upload-pack"],
  ["GET", "/"],
])("%s %s is no request of git's, and does not go on", async (method, target) => {
  await open();
  const { status } = await ask(method, target, basic(proxy.agent.credentials), method === "POST" ? "0000" : "");
  expect(status).toBe(403);
  expect(proxy.aws.seen).toEqual([]);
});

test("a denial is plain text, which git shows, and says what to do", async () => {
  const pull = { Effect: "Allow", Action: "codecommit:GitPull", Resource: "*" };
  await open({ mode: "enforce", policy: { Version: "2012-10-17", Statement: [pull] } });
  proxy.aws.answer = (response) => response.end("0000");
  expect(await ask("GET", discovery, basic(proxy.agent.credentials))).toMatchObject({ status: 200 });
  const { status, headers, text } = await ask(
    ...(["POST", "/v1/repos/app/git-receive-pack", basic(proxy.agent.credentials), "0000"] as const),
  );
  expect(status).toBe(403);
  expect(headerValue(headers, "content-type")).toContain("text/plain");
  expect(text).toContain("is not authorized to perform: codecommit:GitPush");
  expect(text).toContain("iam-agent-proxy decision");
  expect(proxy.aws.seen).toHaveLength(1);
});
