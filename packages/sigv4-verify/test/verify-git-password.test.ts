import { type AgentKey, AwsError, Credentials, type KeyRing, type RequestHead } from "@iap/aws-core";
import { gitPassword } from "@iap/sigv4";
import { expect, test } from "vitest";
import { readBasicPassword, verifyGitPassword } from "../src/index.ts";

const now = new Date("2026-11-23T12:34:56Z");
const key: AgentKey = {
  credentials: new Credentials({
    accessKeyId: "ASIAQEXAMPLEKEYIDAAA",
    secretAccessKey: "agent-secret",
    sessionToken: "agent-token",
  }),
  agent: "a",
  session: "s",
  notAfter: new Date("2026-11-23T14:00:00Z"),
  upstream: "default",
};
const keys: KeyRing = {
  lookup: (id, token) =>
    id === key.credentials.accessKeyId && token === key.credentials.sessionToken ? key : undefined,
};
const repository = { host: "git-codecommit.us-east-1.amazonaws.com", path: "/v1/repos/app", region: "us-east-1" };
const made = gitPassword(repository, { credentials: key.credentials, now });
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

function code(run: () => unknown): string {
  try {
    run();
    return "accepted";
  } catch (error) {
    return error instanceof AwsError ? error.code : String(error);
  }
}

test("what an agent key has made is accepted for 15 minutes, and gives the key", () => {
  const { key: found, authorization } = verifyGitPassword(made, repository, { keys, now: later(15) });
  expect(found).toBe(key);
  expect(authorization.scope).toEqual({ date: "20261123", region: "us-east-1", service: "codecommit" });
  expect(code(() => verifyGitPassword(made, repository, { keys, now: later(16) }))).toBe("RequestTimeTooSkewed");
  expect(code(() => verifyGitPassword(made, repository, { keys, now: later(-16) }))).toBe("RequestTimeTooSkewed");
});

test.each([
  ["another repository", { ...repository, path: "/v1/repos/other" }],
  ["another host", { ...repository, host: "git-codecommit.eu-west-1.amazonaws.com" }],
  ["another region", { ...repository, region: "eu-west-1" }],
])("it opens nothing at %s", (_, asked) => {
  expect(code(() => verifyGitPassword(made, asked, { keys, now }))).toBe("SignatureDoesNotMatch");
});

test.each([
  ["somebody else's key", { ...made, username: "ASIAQEXAMPLEKEYIDBBB%agent-token" }, "UnknownAccessKey"],
  ["no token", { ...made, username: "ASIAQEXAMPLEKEYIDAAA" }, "UnknownAccessKey"],
  ["another time", { ...made, password: `20261123T123457Z${made.password.slice(16)}` }, "SignatureDoesNotMatch"],
  [
    "a time that is none",
    { ...made, password: `20261323T123456Z${made.password.slice(16)}` },
    "MalformedAuthorization",
  ],
  ["a password of another kind", { ...made, password: "hunter2" }, "MalformedAuthorization"],
  ["upper-case hex", { ...made, password: made.password.toUpperCase() }, "MalformedAuthorization"],
  ["a name that is no key", { ...made, username: "me@example.com" }, "MalformedAuthorization"],
])("%s is refused", (_, given, expected) => {
  expect(code(() => verifyGitPassword(given, repository, { keys, now }))).toBe(expected);
});

test("a user name and a password are read as git sends them, from one header only", () => {
  const head = (...values: readonly string[]): RequestHead => ({
    httpVersion: "1.1",
    method: "GET",
    target: "/",
    host: repository.host,
    headers: values.map((value) => ["Authorization", value] as const),
  });
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  expect(readBasicPassword(head())).toBeUndefined();
  expect(readBasicPassword(head(basic("user:pass:word")))).toEqual({ username: "user", password: "pass:word" });
  expect(code(() => readBasicPassword(head(basic("a:b"), basic("a:b"))))).toBe("MultipleAuthentication");
  for (const value of ["Bearer x", "Basic ", "Basic ***", basic("no colon")]) {
    expect(
      code(() => readBasicPassword(head(value))),
      value,
    ).toBe("MalformedAuthorization");
  }
});
