import { expect } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { FakeAws } from "./fake-aws.ts";
import type { ActivityLine, ProxyProcess } from "./proxy-process.ts";

/** Waits until every decided record has its finished one: each request exactly one of both, none torn or lost. */
export async function wholeRecords(proxy: ProxyProcess): Promise<readonly ActivityLine[]> {
  const end = performance.now() + 15_000;
  for (;;) {
    const { activity } = proxy;
    const ids = (wanted: string) => activity.filter(({ type }) => type === wanted).map(({ id }) => id);
    const decided = ids("decided");
    const finished = ids("finished");
    expect(new Set(decided).size, "a decided record stands twice").toBe(decided.length);
    expect(new Set(finished).size, "a finished record stands twice").toBe(finished.length);
    if (decided.length === finished.length && decided.every((id) => finished.includes(id))) return activity;
    if (performance.now() > end) {
      throw new Error(`${decided.length} requests were decided, ${finished.length} finished`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What AWS got that it must not: anything the real key did not sign, and anything that is on no record as forwarded. */
export function expectOnlySigned(fake: FakeAws, proxy: ProxyProcess): void {
  expect(fake.problems).toEqual([]);
  const forwarded = proxy.activity.filter(({ type, forwarded: sent }) => type === "decided" && sent === true);
  // Whose credentials these are, the proxy asks STS on its own account.
  const asked = fake.arrived.filter(({ operation }) => operation !== "GetCallerIdentity");
  expect(asked.length, "more requests arrived than are on record").toBeLessThanOrEqual(forwarded.length);
}

/** The real secret and token stand in nothing that a proxy wrote. */
export function expectNoSecrets(proxy: ProxyProcess, { secretAccessKey, sessionToken }: RealCredentials): void {
  const written = [proxy.stdout, proxy.stderr, ...proxy.activity.map((line) => JSON.stringify(line))].join("\n");
  for (const secret of [secretAccessKey, sessionToken]) {
    if (secret !== undefined) expect(written.includes(secret), "a secret was written").toBe(false);
  }
}
