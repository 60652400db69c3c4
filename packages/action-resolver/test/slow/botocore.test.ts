import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { checkEndpoint, type Headers, parseEndpoint } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { resolver } from "../support.ts";
import { compare } from "./parameters.ts";

/**
 * Requests that botocore serialises for every operation of every service, with hosts from its own endpoint rules:
 * a witness that shares no code with the tables. Needs python3 with botocore; run with IAP_BOTOCORE=1.
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
  readonly scope: {
    readonly date: string;
    readonly region: string;
    readonly service: string;
    readonly unsigned?: true;
  };
  readonly params: unknown;
}

/** Services that AWS has retired since: their tables are gone with their models. */
const retired = new Set(["iotevents", "iotevents-data", "panorama", "simspaceweaver"]);

/** botocore presigns this service's requests for a region that is not its host's; AWS refuses them too. */
const misplaced = "route53-recovery-control-config";

/** Deprecated operations with the wire form of the ones that replaced them. */
const twins: Readonly<Record<string, string>> = {
  GetBucketLifecycle: "GetBucketLifecycleConfiguration",
  PutBucketLifecycle: "PutBucketLifecycleConfiguration",
  GetBucketNotification: "GetBucketNotificationConfiguration",
  PutBucketNotification: "PutBucketNotificationConfiguration",
};

async function* requests(variant: string, services: readonly string[]): AsyncGenerator<Line> {
  const script = fileURLToPath(new URL("requests.py", import.meta.url));
  const args = [script, variant, ...(services.length === 0 ? [] : [services.join(",")])];
  const python = spawn("python3", args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((done) => python.on("close", done));
  let first = true;
  for await (const line of createInterface({ input: python.stdout })) {
    if (!first) yield JSON.parse(line) as Line;
    first = false;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`requests.py ended with ${code}`);
}

describe.skipIf(!enabled)("the parameters botocore was given (IAP_BOTOCORE=1)", () => {
  test.each(["plain", "full"])(
    "%s: are what is read from the bytes it made of them",
    async (variant) => {
      let compared = 0;
      const wrong: string[] = [];
      for await (const line of requests(variant, [])) {
        const { service, operation, method, host, target, headers, body, scope, params } = line;
        const endpoint = parseEndpoint(host);
        // S3's own code and the retired are another test's.
        if (endpoint === undefined || service === "s3" || retired.has(service)) continue;
        await resolver.load(scope.service);
        const request = {
          httpVersion: "1.1",
          method,
          target,
          headers,
          host,
          body: Buffer.from(body, "base64"),
        } as const;
        const difference = compare({ service, operation, request, scope, endpoint, parameters: params });
        if (difference === undefined) continue;
        compared++;
        if (difference !== "") wrong.push(`${service}:${operation}: ${difference}`);
      }
      expect(compared).toBeGreaterThan(9_000);
      expect(wrong.length, wrong.slice(0, 60).join("\n")).toBe(0);
    },
    300_000,
  );
});

describe.skipIf(!enabled)("requests made by botocore (IAP_BOTOCORE=1)", () => {
  test.each([
    { variant: "plain", services: [], atLeast: 18_000 },
    { variant: "dualstack", services: [], atLeast: 18_000 },
    { variant: "fips", services: [], atLeast: 18_000 },
    { variant: "presigned", services: [], atLeast: 11_000 },
    { variant: "path", services: ["s3"], atLeast: 100 },
    { variant: "accelerate", services: ["s3"], atLeast: 100 },
    { variant: "arn:aws:s3:us-west-2:123456789012:accesspoint/point", services: ["s3"], atLeast: 100 },
    { variant: "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/point", services: ["s3"], atLeast: 100 },
    {
      variant: "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:point",
      services: ["s3"],
      atLeast: 100,
    },
  ])(
    "$variant: all but 2 in 1000 name the right operation, and none is let through unread",
    async ({ variant, services, atLeast }) => {
      let total = 0;
      const wrong: string[] = [];
      for await (const { service, operation, method, host, target, headers, body, scope } of requests(
        variant,
        services,
      )) {
        if (retired.has(service) || (variant === "presigned" && service === misplaced)) continue;
        total++;
        const name = `${service}:${operation}`;
        const endpoint = parseEndpoint(host);
        if (endpoint === undefined) {
          wrong.push(`${name}: ${host} is no endpoint`);
          continue;
        }
        if (scope.unsigned === undefined) expect(() => checkEndpoint(endpoint, scope), name).not.toThrow();
        await resolver.load(scope.service);
        const request = {
          httpVersion: "1.1",
          method,
          target,
          headers,
          host,
          body: Buffer.from(body, "base64"),
        } as const;
        const call = resolver.resolve({ request, scope, endpoint });
        expect(call.checks.length > 0 || call.marker !== undefined, `${name} has neither checks nor a marker`).toBe(
          true,
        );
        // What needs no body must resolve without it.
        if (!resolver.needsBody({ request, scope, endpoint })) {
          expect(resolver.resolve({ request: { ...request, body: undefined }, scope, endpoint }), name).toEqual(call);
        }
        if (!call.operations.includes(twins[operation] ?? operation))
          wrong.push(`${name}: ${call.operations} ${call.why}`);
      }
      expect(total).toBeGreaterThan(atLeast);
      expect(wrong.length / total, wrong.join("\n")).toBeLessThan(0.002);
    },
    120_000,
  );
});
