import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createResolver } from "@iap/action-resolver";
import { type ActivityRecord, type Check, type DecidedRecord, type Headers, parseEndpoint } from "@iap/aws-core";
import { compilePolicySet, validatePolicy } from "@iap/iam-evaluator";
import {
  diffPolicy,
  GENERALISE_RULES,
  type GenerateOptions,
  generatePolicy,
  NothingToGrantError,
  replayPolicy,
} from "@iap/policy-generator";
import { beforeAll, describe, expect, test } from "vitest";
import { parseRecord } from "../../src/recording/read-activity.ts";
import { loadShard } from "../../src/shard-loader.ts";
import { decidedRecord, finishedRecord } from "../sample-records.ts";

/**
 * The law of the generator over all of AWS: botocore serialises a request for every operation of every service, the
 * resolver reads it, and the policy of the recording allows each check of it. Needs python3 with botocore; run with
 * IAP_BOTOCORE=1.
 */
const enabled = process.env.IAP_BOTOCORE === "1";

interface Line {
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  readonly scope: { readonly date: string; readonly region: string; readonly service: string };
}

/** The two records of a request, as they are read back from disk, and its checks. */
interface Recorded {
  readonly service: string;
  readonly records: readonly ActivityRecord[];
  readonly checks: readonly Check[];
}

describe.skipIf(!enabled).each(["plain", "full"])("a request of every operation (IAP_BOTOCORE=1), %s", (variant) => {
  const services = new Map<string, Recorded[]>();
  /** Requests with a name that is no ARN where AWS takes ARNs only, and those that need no permission of the caller. */
  const without = new Map<string, number>();
  beforeAll(async () => {
    for await (const one of recorded(variant)) {
      const why = whyNothing(one);
      if (why === undefined) services.set(one.service, [...(services.get(one.service) ?? []), one]);
      else without.set(why, (without.get(why) ?? 0) + 1);
    }
  }, 300_000);

  const all = (): ActivityRecord[] => [...services.values()].flat().flatMap(({ records }) => records);

  test("gives, for nearly each of them, a policy that allows it", () => {
    expect(services.size).toBeGreaterThan(340);
    expect(all().length / 2).toBeGreaterThan(17_000);
    expect(Math.max(...[...without].filter(([why]) => why !== NEEDS_NONE).map(([, count]) => count))).toBeLessThan(200);
  });

  test.each<readonly [string, GenerateOptions]>([
    ["exact", {}],
    ["generalised", { generalise: GENERALISE_RULES, siblings: 2 }],
    ["with action wildcards", { actionWildcards: true }],
  ])(
    "gives a policy of each service that allows all of it, and no other action: %s",
    (_, options) => {
      let asked = 0;
      for (const [service, calls] of services) {
        const { policy, text, report } = generatePolicy(
          calls.flatMap(({ records }) => records),
          options,
        );
        expect(report.leftOut, service).toEqual([]);
        const errors = validatePolicy(text, "identity").filter(
          ({ level, code }) => level === "ERROR" && code !== "POLICY_SIZE",
        );
        expect(errors, service).toEqual([]);
        const evaluator = compilePolicySet({ identity: [{ name: service, document: text }] });
        const actions = new Set<string>();
        for (const check of calls.flatMap(({ checks }) => checks)) {
          asked++;
          actions.add(check.action);
          const { outcome, reason } = evaluator.evaluate(check);
          expect(outcome, `${check.action}: ${reason}`).toBe("allowed");
        }
        if (options.actionWildcards === true) continue;
        const granted = [policy.Statement].flat().flatMap(({ Action = [] }) => Action);
        expect(new Set(granted), service).toEqual(actions);
      }
      expect(asked).toBeGreaterThan(17_000);
    },
    300_000,
  );

  test("gives one policy of all services that replay allows, and diff finds equal", () => {
    const { text } = generatePolicy(all());
    const input = { name: "all.json", document: text };
    expect(replayPolicy(all(), compilePolicySet({ identity: [input] })).denied).toEqual([]);
    const { missing, unused } = diffPolicy([input], all());
    expect({ missing, unused }).toEqual({ missing: [], unused: [] });
  }, 300_000);
});

const NEEDS_NONE = "needs no permission";

/** Why a request gives no policy; when it does, the policy allows each of its checks. */
function whyNothing({ records, checks }: Recorded): string | undefined {
  let text: string;
  try {
    text = generatePolicy(records).text;
  } catch (error) {
    if (error instanceof NothingToGrantError) return error.leftOut[0]?.why;
    throw error;
  }
  const evaluator = compilePolicySet({ identity: [{ name: "one request", document: text }] });
  for (const check of checks) expect(evaluator.evaluate(check), check.action).toMatchObject({ outcome: "allowed" });
  return undefined;
}

async function* recorded(variant: string): AsyncGenerator<Recorded> {
  const resolver = createResolver({ load: loadShard });
  const script = fileURLToPath(new URL("../../../../packages/action-resolver/test/slow/requests.py", import.meta.url));
  const python = spawn("python3", [script, variant], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((done) => python.on("close", done));
  let number = 0;
  for await (const line of createInterface({ input: python.stdout })) {
    if (number++ === 0) continue;
    const { method, host, target, headers, body, scope } = JSON.parse(line) as Line;
    const endpoint = parseEndpoint(host);
    if (endpoint === undefined) continue;
    await resolver.load(scope.service);
    const request = { httpVersion: "1.1", method, target, headers, host, body: Buffer.from(body, "base64") } as const;
    const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
    const { service, operations, protocol, region, account, marker, checks } = call;
    const about = { service, operations, protocol, region, account, marker, checks };
    const decided = decidedRecord({ id: `request-${number}`, host, method, ...about });
    const records = [decided, finishedRecord({ id: decided.id })].map((record) => {
      const read = parseRecord(JSON.stringify(record));
      if (typeof read === "string") throw new Error(`${line.slice(0, 200)}: ${read}`);
      return read;
    });
    yield { service, records, checks: (records[0] as DecidedRecord).checks };
  }
  const code = await ended;
  if (code !== 0) throw new Error(`requests.py ended with ${code}`);
}
