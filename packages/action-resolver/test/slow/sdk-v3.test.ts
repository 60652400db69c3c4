import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkEndpoint, type HeaderLine, parseEndpoint } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import type { Shard } from "../../src/shard.ts";
import { resolver } from "../support.ts";
import { compare } from "./parameters.ts";

/**
 * Requests that the AWS SDK for JavaScript v3 serialises, from its own schemas, for every operation of the clients installed in the folder that
 * IAP_SDK_V3 names (`npm install --prefix DIR @aws-sdk/client-s3 …`; all of DIR/node_modules/@aws-sdk/client-*).
 */
const folder = process.env.IAP_SDK_V3;
const scopeFolder = folder === undefined ? "" : join(folder, "node_modules", "@aws-sdk");
const clients = existsSync(scopeFolder) ? readdirSync(scopeFolder).filter((name) => name.startsWith("client-")) : [];

interface Schema {
  isStringSchema(): boolean;
  isNumericSchema(): boolean;
  isBooleanSchema(): boolean;
  isTimestampSchema(): boolean;
  isBlobSchema(): boolean;
  isListSchema(): boolean;
  isMapSchema(): boolean;
  isStructSchema(): boolean;
  isUnionSchema(): boolean;
  isDocumentSchema(): boolean;
  isStreaming(): boolean;
  getName(qualified?: boolean): string | undefined;
  getValueSchema(): Schema;
  structIterator(): Iterable<readonly [string, Schema]>;
}
interface Client {
  readonly config: { readonly serviceId: string };
  readonly middlewareStack: { add(middleware: unknown, options: object): void };
  send(command: unknown): Promise<unknown>;
}
interface SentRequest {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

class Captured extends Error {
  readonly request: SentRequest;
  constructor(request: SentRequest) {
    super("captured");
    this.request = request;
  }
}

const special: Readonly<Record<string, string>> = {
  AccountId: "123456789012",
  Bucket: "example-bucket",
  CopySource: "source-bucket/source-key",
  OutpostId: "op-01234567890123456",
  QueueUrl: "https://sqs.us-east-1.amazonaws.com/123456789012/abcdefgh",
  ChecksumAlgorithm: "CRC32",
  StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/abcdefgh",
  ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/abcdefgh",
  ConsumerARN: "arn:aws:kinesis:us-east-1:123456789012:stream/abcdefgh/consumer/c:1",
};

function value(schema: Schema, name: string, depth: number, seen: ReadonlySet<string> = new Set()): unknown {
  if (special[name] !== undefined && schema.isStringSchema()) return special[name];
  if (schema.isDocumentSchema()) return {};
  if (schema.isStructSchema() || schema.isUnionSchema()) {
    const own = schema.getName(true) ?? "";
    if (seen.has(own) || depth > 6) return {};
    const inner = new Set([...seen, own]);
    const members = [...schema.structIterator()];
    const taken = schema.isUnionSchema() ? members.slice(0, 1) : members;
    return Object.fromEntries(
      taken
        .filter(([member]) => member !== "EndpointId")
        .map(([member, one]) => [member, value(one, member, depth + 1, inner)]),
    );
  }
  if (schema.isListSchema()) return [value(schema.getValueSchema(), name, depth + 1, seen)];
  if (schema.isMapSchema()) return { key: value(schema.getValueSchema(), name, depth + 1, seen) };
  if (schema.isBooleanSchema()) return true;
  if (schema.isNumericSchema()) return 1;
  if (schema.isTimestampSchema()) return new Date(1_700_000_000_000);
  if (schema.isBlobSchema()) return new Uint8Array([120]);
  return /arn$/i.test(name) ? "arn:aws:example:us-east-1:123456789012:thing/abcdefgh" : "abcdefgh";
}

/** Parameters as JSON has them: what is no text, number, boolean, list or structure counts as there. */
function plain(parameters: unknown): unknown {
  if (parameters instanceof Date || parameters instanceof Uint8Array) return {};
  if (Array.isArray(parameters)) return parameters.map(plain);
  if (parameters === null || typeof parameters !== "object") return parameters;
  return Object.fromEntries(Object.entries(parameters).map(([key, one]) => [key, plain(one)]));
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function targetOf({ path, query }: SentRequest): string {
  const pairs = Object.entries(query).flatMap(([key, given]) =>
    (Array.isArray(given) ? (given as readonly string[]) : [given as string | null]).map((one) =>
      one === null || one === "" ? `${escaped(key)}=` : `${escaped(key)}=${escaped(one)}`,
    ),
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

const byId = new Map<string, string>();
for (const file of readdirSync(new URL("../../data/", import.meta.url))) {
  const shard = JSON.parse(readFileSync(new URL(`../../data/${file}`, import.meta.url), "utf8")) as Partial<Shard>;
  if (shard.id !== undefined && shard.service !== undefined) byId.set(shard.id, shard.service);
}

/** Deprecated operations with the wire form of the ones that replaced them. */
const twins: Readonly<Record<string, string>> = {
  GetBucketLifecycle: "GetBucketLifecycleConfiguration",
  GetBucketNotification: "GetBucketNotificationConfiguration",
};

describe.skipIf(clients.length === 0)("requests made by the AWS SDK for JavaScript v3 (IAP_SDK_V3)", () => {
  test.each(clients)(
    "%s",
    async (name) => {
      const require = createRequire(join(scopeFolder, name, "package.json"));
      const load = async (id: string): Promise<Readonly<Record<string, unknown>>> =>
        (await import(pathToFileURL(require.resolve(id)).href)) as Readonly<Record<string, unknown>>;
      const module = await load(`@aws-sdk/${name}`);
      const { NormalizedSchema } = (await load("@smithy/core/schema")) as {
        readonly NormalizedSchema: { of(schema: unknown): Schema };
      };
      const Client = Object.entries(module).find(
        ([key, one]) => /^[A-Z][A-Za-z0-9]*Client$/.test(key) && key !== "__Client" && typeof one === "function",
      )?.[1] as new (
        options: object,
      ) => Client;
      const client = new Client({
        region: "us-east-1",
        credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
        maxAttempts: 1,
      });
      client.middlewareStack.add(
        () =>
          async ({ request }: { readonly request: SentRequest }) => {
            throw new Captured(request);
          },
        { step: "finalizeRequest", priority: "low", name: "capture" },
      );
      const service = byId.get(client.config.serviceId) as string;
      expect(service, client.config.serviceId).toBeDefined();
      const wrong: string[] = [];
      const newer: string[] = [];
      const not: string[] = [];
      const ambiguous: string[] = [];
      let resolved = 0;
      for (const [key, Command] of Object.entries(module)) {
        if (!/^[A-Z].*Command$/.test(key) || key === "$Command" || typeof Command !== "function") continue;
        const operation = key.slice(0, -"Command".length);
        const schema = module[`${operation}$`] as readonly unknown[] | undefined;
        if (schema === undefined) continue;
        const input = typeof schema[4] === "function" ? (schema[4] as () => unknown)() : schema[4];
        let parameters: unknown = {};
        let sent: SentRequest | undefined;
        try {
          parameters = input === "unit" ? {} : value(NormalizedSchema.of(input), "", 0);
          await client.send(new (Command as new (input: unknown) => unknown)(structuredClone(parameters)));
        } catch (error) {
          if (error instanceof Captured) sent = error.request;
          else not.push(`${operation}: ${(error as Error).message.slice(0, 80)}`);
        }
        if (sent === undefined) continue;
        if (
          resolver.describeOperation(service, operation) === undefined &&
          resolved > 0 &&
          twins[operation] === undefined
        ) {
          newer.push(operation);
          continue;
        }
        const host = sent.hostname.toLowerCase();
        const endpoint = parseEndpoint(host);
        if (endpoint === undefined) {
          wrong.push(`${operation}: ${host} is no endpoint`);
          continue;
        }
        const scoped = /Credential=[^/]+\/(\d{8})\/([^/]+)\/([^/]+)\//.exec(sent.headers.authorization ?? "");
        const scope = {
          date: scoped?.[1] ?? "20260101",
          region: scoped?.[2] ?? endpoint.region ?? "us-east-1",
          service: scoped?.[3] ?? (endpoint.signingNames[0] as string),
        };
        checkEndpoint(endpoint, scope);
        await resolver.load(scope.service);
        const body =
          typeof sent.body === "string"
            ? Buffer.from(sent.body, "utf8")
            : sent.body instanceof Uint8Array
              ? sent.body
              : Buffer.alloc(0);
        const request = {
          httpVersion: "1.1",
          method: sent.method,
          target: targetOf(sent),
          headers: Object.entries(sent.headers) as readonly HeaderLine[],
          host,
          body,
        } as const;
        const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
        resolved++;
        if (call.marker === "ambiguous") ambiguous.push(`${operation}: ${call.why}`);
        if (!call.operations.includes(twins[operation] ?? operation)) {
          if (resolver.describeOperation(service, operation) === undefined) newer.push(operation);
          else wrong.push(`${operation}: ${call.operations} ${call.why}`);
          continue;
        }
        if (service === "s3") continue;
        const difference = compare({ service, operation, request, scope, endpoint, parameters: plain(parameters) });
        if (difference) wrong.push(`${operation}: ${difference}`);
      }
      if (newer.length > 0) console.warn(`${name}: newer than the tables: ${newer.join(", ")}`);
      if (not.length > 0) console.warn(`${name}: the SDK does not serialise: ${not.join("; ").slice(0, 600)}`);
      if (ambiguous.length > 0) console.warn(`${name}: two readings: ${ambiguous.join("; ")}`);
      expect(resolved).toBeGreaterThan(0);
      expect(wrong.length, wrong.slice(0, 30).join("\n")).toBe(0);
    },
    120_000,
  );
});
