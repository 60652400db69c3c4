import { AwsError } from "@iap/aws-core";
import { expect, test } from "vitest";
import { PrimaryCredentials } from "../../src/workers/primary-credentials.ts";
import type { SentCredentials } from "../../src/workers/worker-messages.ts";

const known = { account: "123456789012", principalArn: "arn:aws:iam::123456789012:user/dev" };

/** A first process that counts what it is asked. */
function primary(answer: (asked: number) => Partial<SentCredentials> | Error = () => ({})) {
  const clock = { at: new Date("2026-01-01T00:00:00Z"), asked: [] as (string | undefined)[] };
  const credentials = new PrimaryCredentials({
    now: () => clock.at,
    ask: async (agent) => {
      clock.asked.push(agent);
      const found = answer(clock.asked.length);
      if (found instanceof Error) throw found;
      return {
        credentials: { accessKeyId: `AKIA${clock.asked.length}`, secretAccessKey: "s" },
        identity: known,
        ...found,
      };
    },
  });
  return { clock, credentials };
}

test("the first process is asked once for each agent, however many requests wait", async () => {
  const { clock, credentials } = primary();
  const asked = ["a", "a", "b", "a"].map((agent) => credentials.credentials("default", agent));
  const [first, second, other] = await Promise.all(asked);
  expect(second).toBe(first);
  expect(other).not.toBe(first);
  expect(await credentials.credentials("default", "a")).toBe(first);
  expect(clock.asked).toEqual(["a", "b"]);
  expect(credentials.current(first)).toEqual(known);
  expect(credentials.current(undefined)).toEqual({ account: undefined, principalArn: undefined });
});

test("credentials that will expire are asked for again five minutes ahead", async () => {
  const expiration = new Date("2026-01-01T01:00:00Z");
  const { clock, credentials } = primary((n) => ({
    credentials: { accessKeyId: `ASIA${n}`, secretAccessKey: "s", expiration },
  }));
  await credentials.credentials("default", "a");
  clock.at = new Date("2026-01-01T00:54:59Z");
  expect((await credentials.credentials("default", "a")).accessKeyId).toBe("ASIA1");
  clock.at = new Date("2026-01-01T00:55:00Z");
  expect((await credentials.credentials("default", "a")).accessKeyId).toBe("ASIA2");
});

test("while it is not known whose they are, that is asked again soon", async () => {
  const { clock, credentials } = primary((n) =>
    n === 1 ? { identity: { account: undefined, principalArn: undefined } } : {},
  );
  const first = await credentials.credentials("default", "a");
  expect(credentials.current(first).account).toBeUndefined();
  clock.at = new Date("2026-01-01T00:00:01Z");
  expect(credentials.current(await credentials.credentials("default", "a"))).toEqual(known);
});

test("what is forgotten is asked for again, and an error is not kept", async () => {
  const { clock, credentials } = primary((n) => (n === 1 ? new AwsError("ServiceUnavailable", "none") : {}));
  await expect(credentials.credentials("default", "a")).rejects.toMatchObject({ code: "ServiceUnavailable" });
  const found = await credentials.credentials("default", "a");
  credentials.forget();
  expect(await credentials.credentials("default", "a")).not.toBe(found);
  expect(clock.asked).toHaveLength(3);
});
