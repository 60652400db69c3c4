import { Credentials } from "@iap/aws-core";
import { expect, test } from "vitest";
import type { RoleSession } from "../../src/virtual/role-sessions.ts";
import { PrimaryLink } from "../../src/workers/primary-link.ts";
import { type FromWorker, type SentSession, sentError } from "../../src/workers/worker-messages.ts";

const session: RoleSession = {
  credentials: new Credentials({ accessKeyId: "ASIAREAL", secretAccessKey: "real", sessionToken: "token" }),
  lineage: ["arn:one"],
  identity: { account: "123456789012", principalArn: undefined },
  notAfter: new Date("2026-01-01T01:00:00Z"),
};

test("answers reach their questions, in whatever order they come", async () => {
  const sent: FromWorker[] = [];
  const link = new PrimaryLink((message) => void sent.push(message));
  const asked = [link.realKey(), link.credentials("a"), link.find("session:1")];
  const settled = Promise.allSettled(asked);
  expect(sent.map((message) => message.type === "question" && message.question.ask)).toEqual([
    "realKey",
    "credentials",
    "session",
  ]);
  const ids = sent.map((message) => (message.type === "question" ? message.id : -1));
  link.onAnswer({ type: "answer", id: ids[2] as number, value: undefined });
  link.onAnswer({ type: "answer", id: ids[1] as number, error: sentError(new TypeError("broken")) });
  link.onAnswer({ type: "answer", id: ids[0] as number, value: "AKIA1" });
  // Nobody asked that.
  link.onAnswer({ type: "answer", id: 99, value: "AKIA2" });
  expect(await settled).toMatchObject([
    { value: "AKIA1" },
    { reason: { name: "AwsError", code: "InternalFailure", message: "broken" } },
    { value: undefined },
  ]);
});

test("a session is the same on the other side of a process boundary", async () => {
  const sent: FromWorker[] = [];
  const link = new PrimaryLink((message) => void sent.push(structuredClone(message)));
  link.opened("session:1", session);
  const [told] = sent;
  const received = told?.type === "session" ? told.session : undefined;
  const found = link.find("session:1");
  link.onAnswer({ type: "answer", id: 1, value: structuredClone(received as SentSession) });
  const { credentials, ...others } = (await found) as RoleSession;
  const { credentials: real, ...expected } = session;
  expect(others).toEqual(expected);
  expect([credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken]).toEqual([
    real.accessKeyId,
    real.secretAccessKey,
    real.sessionToken,
  ]);
  // It cannot be printed by accident there either.
  expect(JSON.stringify(credentials)).not.toContain('real"');
});
