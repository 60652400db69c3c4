import { createSecretKey, randomBytes } from "node:crypto";
import { type AgentKey, Credentials } from "@iap/aws-core";
import { KeyVendor } from "@iap/cred-vendor";
import { expect, test } from "vitest";
import { type RoleSession, RoleSessions } from "../../src/virtual/role-sessions.ts";

const base = new Credentials({ accessKeyId: "AKIABASE", secretAccessKey: "base" });
const found = (more: Partial<{ sessionToken: string; expiration: Date | undefined }> = {}) => ({
  accessKeyId: "ASIAREALREALREALREAL",
  secretAccessKey: "real",
  sessionToken: "real-token",
  expiration: new Date("2026-01-01T01:00:00Z"),
  ...more,
});

const by = (key: AgentKey, lineage?: readonly string[]) => ({
  agent: key.agent,
  session: key.session,
  parent: key,
  lineage,
});

class Clock {
  at: Date = new Date("2026-01-01T00:00:00Z");
  readonly installKey = createSecretKey(randomBytes(32));
  readonly vendor: KeyVendor = new KeyVendor({ installKey: this.installKey });
  readonly agent: AgentKey = this.vendor.issue({ agent: "a", session: "s", ttlSeconds: 3600, now: this.at });
  sessions(max?: number): RoleSessions {
    return new RoleSessions({
      vendor: this.vendor,
      base: { credentials: async () => base },
      now: () => this.at,
      max,
    });
  }
}

test("a session's fake key leads to its real credentials, every other key to the proxy's own", async () => {
  const clock = new Clock();
  const sessions = clock.sessions();
  const fake = sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole", role: "arn:r" });
  expect(fake.credentials.secretAccessKey).not.toBe("real");
  const behind = await sessions.behind(fake.upstream);
  expect(behind.credentials.secretAccessKey).toBe("real");
  expect(behind.session?.lineage).toEqual(["arn:r"]);
  expect(await sessions.behind(clock.agent.upstream)).toEqual({ credentials: base, session: undefined });
});

test("the fake key is the agent's, of the same life, and found by its token", () => {
  const clock = new Clock();
  const fake = clock.sessions().open(found(), { ...by(clock.agent), from: "sts:AssumeRole" });
  expect(fake).toMatchObject({
    agent: "a",
    session: "s",
    parent: clock.agent.credentials.accessKeyId,
    notAfter: new Date("2026-01-01T01:00:00Z"),
  });
  const { accessKeyId, sessionToken } = fake.credentials;
  expect(clock.vendor.lookup(accessKeyId, sessionToken)?.upstream).toBe(fake.upstream);
});

test("the lineage tells the roles assumed one after another", () => {
  const clock = new Clock();
  const sessions = clock.sessions();
  const first = sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole", role: "arn:one" });
  const second = sessions.open(found(), { ...by(first, ["arn:one"]), from: "sts:AssumeRole", role: "arn:two" });
  const third = sessions.open(found(), { ...by(second, ["arn:one", "arn:two"]), from: "sts:GetSessionToken" });
  expect(sessions.get(third.upstream)?.lineage).toEqual(["arn:one", "arn:two", "sts:GetSessionToken"]);
  expect(sessions.get(clock.agent.upstream)).toBeUndefined();
});

test("a session that ends while it asks for another has it under its own lineage all the same", () => {
  const clock = new Clock();
  const sessions = clock.sessions();
  const role = sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole", role: "arn:one" });
  clock.at = new Date("2026-01-01T01:00:00Z");
  const later = found({ expiration: new Date("2026-01-01T01:05:00Z") });
  const bucket = sessions.open(later, { ...by(role, ["arn:one"]), from: "s3express:CreateSession" });
  expect(sessions.get(role.upstream)).toBeUndefined();
  expect(sessions.get(bucket.upstream)?.lineage).toEqual(["arn:one", "s3express:CreateSession"]);
});

test("a session that has ended is ExpiredToken, with what to do", async () => {
  const clock = new Clock();
  const sessions = clock.sessions();
  const { upstream } = sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole" });
  clock.at = new Date("2026-01-01T01:00:00Z");
  await expect(sessions.behind(upstream)).rejects.toMatchObject({ code: "ExpiredToken" });
  await expect(sessions.behind(upstream)).rejects.toThrow("Ask for new credentials");
});

test("after a restart the fake key still verifies, and is ExpiredToken", async () => {
  const clock = new Clock();
  const { credentials } = clock.sessions().open(found(), { ...by(clock.agent), from: "sts:AssumeRole" });
  const again = new KeyVendor({ installKey: clock.installKey });
  const key = again.lookup(credentials.accessKeyId, credentials.sessionToken);
  await expect(clock.sessions().behind(key?.upstream ?? "")).rejects.toMatchObject({ code: "ExpiredToken" });
});

test("where no expiration is given, the pair lives an hour", () => {
  const clock = new Clock();
  const fake = clock
    .sessions()
    .open(found({ expiration: undefined }), { ...by(clock.agent), from: "gamelift:CreateBuild" });
  expect(fake.notAfter).toEqual(new Date("2026-01-01T01:00:00Z"));
});

test("no more are kept than there is room for: the oldest goes first, and those that ended before it", async () => {
  const clock = new Clock();
  const sessions = clock.sessions(3);
  const [oldest] = Array.from({ length: 4 }, () =>
    sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole" }),
  );
  expect(sessions.size).toBe(3);
  await expect(sessions.behind(oldest?.upstream ?? "")).rejects.toMatchObject({ code: "ExpiredToken" });
  const lasting = found({ expiration: new Date("2026-01-01T03:00:00Z") });
  sessions.open(lasting, { ...by(clock.agent), from: "sts:AssumeRole" });
  clock.at = new Date("2026-01-01T02:00:00Z");
  sessions.open(lasting, { ...by(clock.agent), from: "sts:AssumeRole" });
  expect(sessions.size).toBe(2);
});

test("a session that another process opened is found there once, and never made up", async () => {
  const clock = new Clock();
  const asked: string[] = [];
  const first = clock.sessions();
  const second = new RoleSessions({
    vendor: clock.vendor,
    base: { credentials: async () => base },
    now: () => clock.at,
    shared: {
      opened: () => {},
      find: async (ref) => {
        asked.push(ref);
        return first.get(ref);
      },
    },
  });
  const fake = first.open(found(), { ...by(clock.agent), from: "sts:AssumeRole", role: "arn:one" });
  expect(second.get(fake.upstream)).toBeUndefined();
  for (let i = 0; i < 2; i++) expect((await second.behind(fake.upstream)).credentials.secretAccessKey).toBe("real");
  expect(second.get(fake.upstream)?.lineage).toEqual(["arn:one"]);
  expect(asked).toEqual([fake.upstream]);
  await expect(second.behind("session:unknown")).rejects.toMatchObject({ code: "ExpiredToken" });
  clock.at = new Date("2026-01-01T02:00:00Z");
  await expect(second.behind(fake.upstream)).rejects.toMatchObject({ code: "ExpiredToken" });
  // The proxy's own are not asked for there.
  expect((await second.behind("default")).credentials).toBe(base);
  expect(asked).toHaveLength(2);
});

test("a session that is told again takes no other's place", () => {
  const clock = new Clock();
  const sessions = clock.sessions(2);
  const refs = [1, 2].map(() => sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole" }).upstream);
  for (const ref of refs) sessions.adopt(ref, sessions.get(ref) as RoleSession);
  expect(sessions.size).toBe(2);
});

test("other processes are told of each session that is opened", () => {
  const clock = new Clock();
  const told: string[] = [];
  const sessions = new RoleSessions({
    vendor: clock.vendor,
    base: { credentials: async () => base },
    now: () => clock.at,
    shared: { opened: (ref, { lineage }) => told.push(`${ref} ${lineage}`), find: async () => undefined },
  });
  const fake = sessions.open(found(), { ...by(clock.agent), from: "sts:AssumeRole", role: "arn:one" });
  expect(told).toEqual([`${fake.upstream} arn:one`]);
});
