import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/*
 * AWS's own tables "API operations defined by …" (`operation-actions` of the shared data) against the tables of
 * @iap/action-resolver, operation by operation. Every difference has its reason in table-differences.json.
 */

const shared = process.env.IAP_SHARED_DIR;
const data = new URL("../../../packages/action-resolver/data/", import.meta.url);

interface Explanation {
  readonly service: string;
  readonly action: string;
  /** `*`: of every operation that differs in this action. */
  readonly operations: readonly string[] | "*";
  readonly why: string;
  readonly source: string;
}
interface Row {
  readonly actions: readonly string[];
  /** The SDK's service, where a page is of several. */
  readonly sdk?: string;
}
type Check = string | { readonly actions: readonly string[] } | readonly [string, ...unknown[]];
interface ShardText {
  readonly service: string;
  readonly prefix: string;
  readonly operations: Readonly<Record<string, string | { readonly c: string | readonly Check[] }>>;
}

/** Pages that are named after the IAM prefix and say no service. */
const services: Readonly<Record<string, string>> = { states: "stepfunctions" };

function readJson(url: URL | string): unknown {
  return JSON.parse(readFileSync(url, "utf8"));
}

const shards = new Map(
  readdirSync(data)
    .filter((file) => file.endsWith(".json"))
    .map((file) => readJson(new URL(file, data)) as ShardText)
    .filter(({ operations }) => operations !== undefined)
    .map((shard) => [shard.service, shard] as const),
);

/** The actions that a table names for an operation, with conditions or without. */
function actionsOf({ prefix, operations }: ShardText, operation: string): ReadonlySet<string> {
  const entry = operations[operation];
  if (entry === undefined) return new Set();
  const checks = typeof entry === "string" ? entry : entry.c;
  const texts =
    typeof checks === "string"
      ? (checks.split(";").at(-1) ?? "").split(",").filter((text) => text !== "")
      : checks.flatMap((check) =>
          typeof check === "string" ? [check] : "actions" in check ? check.actions : [check[0]],
        );
  return new Set(
    texts.map((text) => {
      const name = (text.split("|")[0] ?? "").replace(/!$/, "");
      return name === "." ? `${prefix}:${operation}` : name.includes(":") ? name : `${prefix}:${name}`;
    }),
  );
}

/** `service action operation` of every difference. */
function differences(dir: string): readonly (readonly [string, string, string])[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => {
      const page = file.replace(/\.json$/, "");
      const { operations } = readJson(join(dir, file)) as { readonly operations: Readonly<Record<string, Row>> };
      return Object.entries(operations).flatMap(([key, row]) => {
        const operation = key.split("/").at(-1) ?? key;
        const service = row.sdk ?? services[page] ?? page;
        const shard = shards.get(service);
        const ours = shard === undefined ? new Set<string>() : actionsOf(shard, operation);
        const theirs = new Set(row.actions);
        const differing = [
          ...[...ours].filter((one) => !theirs.has(one)),
          ...[...theirs].filter((one) => !ours.has(one)),
        ];
        return differing.map((action) => [service, action, operation] as const);
      });
    });
}

test.skipIf(shared === undefined)(
  "every difference from AWS's tables (IAP_SHARED_DIR) is explained, and nothing else is",
  () => {
    const explanations = readJson(new URL("../table-differences.json", import.meta.url)) as readonly Explanation[];
    const found = differences(join(shared as string, "data/operation-actions"));
    const explains = (one: Explanation, [service, action, operation]: readonly [string, string, string]): boolean =>
      one.service === service &&
      one.action === action &&
      (one.operations === "*" || one.operations.includes(operation));
    expect(found.filter((difference) => !explanations.some((one) => explains(one, difference)))).toEqual([]);
    const idle = explanations.flatMap((one) =>
      (one.operations === "*" ? ["*"] : one.operations)
        .filter(
          (operation) =>
            !found.some((difference) =>
              explains({ ...one, operations: operation === "*" ? "*" : [operation] }, difference),
            ),
        )
        .map((operation) => `${one.service} ${one.action} ${operation}`),
    );
    expect(idle).toEqual([]);
    expect(explanations.filter(({ why, source }) => why === "" || !source.startsWith("https://"))).toEqual([]);
  },
);
