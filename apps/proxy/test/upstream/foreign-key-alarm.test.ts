import { Credentials, type KeyRing } from "@iap/aws-core";
import { expect, test } from "vitest";
import { withForeignKeyAlarm } from "../../src/upstream/foreign-key-alarm.ts";

const realKey = "AKIAREALREALREALREAL";

function ring(real: () => Promise<Credentials> = async () => credentials): {
  readonly keys: KeyRing;
  readonly warnings: string[];
  readonly settled: () => Promise<void>;
  pass(ms: number): void;
} {
  const warnings: string[] = [];
  let time = 0;
  const keys = withForeignKeyAlarm({
    keys: { lookup: (id) => (id.startsWith("ASIAOURSKNOWN") ? agentKey : undefined) },
    installId: "OURS",
    real,
    warn: (message) => warnings.push(message),
    now: () => new Date(time),
  });
  return {
    keys,
    warnings,
    settled: () => new Promise((resolve) => setImmediate(resolve)),
    pass: (ms) => {
      time += ms;
    },
  };
}

const credentials = new Credentials({ accessKeyId: realKey, secretAccessKey: "secret" });
const agentKey = {
  agent: "a",
  session: "s",
  credentials,
  notAfter: new Date(0),
  upstream: "default",
};

test("a request signed with the real key raises a loud alarm, and finds no key", async () => {
  const { keys, warnings, settled } = ring();
  expect(keys.lookup(realKey, undefined)).toBeUndefined();
  await settled();
  expect(warnings).toEqual([expect.stringContaining(`the agent signs with the REAL credentials (${realKey})`)]);
});

test("any other key is told of as not this proxy's, also while there are no real credentials", async () => {
  for (const real of [async () => credentials, () => Promise.reject(new Error("none"))]) {
    const { keys, warnings, settled } = ring(real);
    keys.lookup("AKIAOTHEROTHEROTHER2", undefined);
    await settled();
    expect(warnings).toEqual([expect.stringContaining("a key that is not this proxy's (AKIAOTHEROTHEROTHER2)")]);
  }
});

test("an agent key, known or not, and what is no key at all raise none", async () => {
  const { keys, warnings, settled } = ring();
  expect(keys.lookup("ASIAOURSKNOWNKNOWN22", "token")).toBe(agentKey);
  keys.lookup("ASIAOURSOLDOLDOLDOLD", "token");
  keys.lookup("not a key", undefined);
  keys.lookup("AKIA\u001b[31mREALREALRE", undefined);
  await settled();
  expect(warnings).toEqual([]);
});

test("the same key is told of once a minute", async () => {
  const { keys, warnings, settled, pass } = ring();
  for (const ms of [0, 10_000, 49_000, 2_000, 1_000]) {
    pass(ms);
    keys.lookup(realKey, undefined);
    await settled();
  }
  expect(warnings).toHaveLength(2);
});

test("keys that an agent makes up are told of, and not remembered without end", async () => {
  const { keys, warnings, settled } = ring();
  const id = (i: number): string => `AKIAOTHEROTHEROTHE${String.fromCharCode(65 + (i % 26), 65 + Math.floor(i / 26))}`;
  for (let i = 0; i < 250; i++) keys.lookup(id(i), undefined);
  await settled();
  expect(warnings).toHaveLength(250);
  // Long forgotten, though a minute has not passed.
  keys.lookup(id(0), undefined);
  await settled();
  expect(warnings).toHaveLength(251);
});
