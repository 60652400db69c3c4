import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type CheckResource, checkEndpoint, type Headers, parseEndpoint } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { resolver } from "./support.ts";

/** Checked by hand against AWS's pages and against AccessDenied messages quoted in public, one expectation a line. */
interface Case {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly body?: string;
    readonly bodyB64?: string;
  };
  readonly account?: string;
  readonly expect: {
    readonly operations: readonly string[];
    readonly marker?: string;
    readonly checks?: readonly {
      readonly action: string;
      readonly resource: string | { readonly pattern: string };
      readonly context?: Readonly<Record<string, unknown>>;
      readonly authoritative?: readonly string[];
      readonly unknown?: readonly string[];
    }[];
  };
}

const folder = new URL("cases/", import.meta.url);
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".jsonl")) : [];

describe.each(files)("%s", (file) => {
  const lines = readFileSync(new URL(file, folder), "utf8").split("\n");
  const cases = lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Case);
  test.each(cases)("$name", async ({ request, account, expect: expected }) => {
    const { host, pathname, search } = splitUrl(request.url);
    const endpoint = parseEndpoint(host);
    if (endpoint === undefined) throw new Error(`${host} is no endpoint`);
    const authorization =
      request.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? decodeURIComponent(search);
    const scoped = /Credential=[^/]+\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization);
    const scope = {
      date: scoped?.[1] ?? "20260101",
      region: scoped?.[2] ?? endpoint.region ?? "us-east-1",
      service: scoped?.[3] ?? (endpoint.signingNames[0] as string),
    };
    checkEndpoint(endpoint, scope, { allowed: () => true });
    await resolver.load(scope.service);
    const body = Buffer.from(request.bodyB64 ?? request.body ?? "", request.bodyB64 === undefined ? "utf8" : "base64");
    const whole = {
      request: {
        httpVersion: "1.1",
        method: request.method,
        target: `${pathname}${search}`,
        headers: request.headers,
        host,
        body,
      } as const,
      scope,
      endpoint,
    };
    const call = resolver.resolve(whole, { account });
    const why = call.why ?? "";
    expect({ marker: call.marker, why: call.marker === expected.marker ? why : `${why}` }).toEqual({
      marker: expected.marker,
      why,
    });
    expect([...(call.operationIds ?? [])].sort(), why).toEqual([...expected.operations].sort());
    if (expected.checks === undefined) return;
    const short = (action: string, resource: string): string => `${action} ${resource}`;
    const given = new Set(call.checks.map((check) => short(check.action, resourceText(check.resource))));
    const wanted = new Set(
      expected.checks.map(({ action, resource }) =>
        short(action, typeof resource === "string" ? resource : `~${resource.pattern}`),
      ),
    );
    const missing = [...wanted].filter((one) => !given.has(one));
    const unexpected = [...given].filter((one) => !wanted.has(one));
    if (missing.length + unexpected.length > 0)
      throw new Error(`missing:\n  ${missing.join("\n  ")}\nunexpected:\n  ${unexpected.join("\n  ")}`);
    for (const { action, resource, context = {}, authoritative = [], unknown = [] } of expected.checks) {
      const text = typeof resource === "string" ? resource : `~${resource.pattern}`;
      const candidates = call.checks.filter(
        (check) => check.action === action && resourceText(check.resource) === text,
      );
      const fits = candidates.some((check) =>
        Object.entries(context).every(([key, value]) =>
          value === null
            ? check.context[key] === undefined && knows(check.authoritative, key)
            : JSON.stringify(comparable(check.context[key])) === JSON.stringify(comparable(value)),
        ),
      );
      if (!fits) {
        const found = candidates.map((check) => JSON.stringify([check.context, check.authoritative])).join("\n  ");
        throw new Error(`context of ${action} ${text}: wanted ${JSON.stringify(context)}, found\n  ${found}`);
      }
      for (const key of authoritative)
        expect(
          candidates.every((check) => knows(check.authoritative, key)),
          `${key} is known`,
        ).toBe(true);
      for (const key of unknown)
        expect(
          candidates.some((check) => key in check.context || knows(check.authoritative, key)),
          `${key} is not known`,
        ).toBe(false);
    }
    // What needs no body resolves without it.
    if (!resolver.needsBody(whole)) {
      expect(resolver.resolve({ ...whole, request: { ...whole.request, body: undefined } }, { account })).toEqual(call);
    }
  });
});

function splitUrl(url: string): { readonly host: string; readonly pathname: string; readonly search: string } {
  const [, host = "", rest = ""] = /^https:\/\/([^/?]+)(.*)$/s.exec(url) ?? [];
  const mark = rest.indexOf("?");
  const pathname = mark < 0 ? rest : rest.slice(0, mark);
  return {
    host: host.toLowerCase(),
    pathname: pathname === "" ? "/" : pathname,
    search: mark < 0 ? "" : rest.slice(mark),
  };
}

function resourceText(resource: CheckResource): string {
  if ("arn" in resource) return resource.arn;
  return "pattern" in resource ? `~${resource.pattern}` : "*none*";
}

function knows(authoritative: readonly string[], key: string): boolean {
  return authoritative.some((known) =>
    known.endsWith("*") ? key.startsWith(known.slice(0, -1)) : known.toLowerCase() === key.toLowerCase(),
  );
}

/** Lists of keys have no order; scalars compare as text. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(String).sort();
  return value === undefined ? undefined : String(value);
}
