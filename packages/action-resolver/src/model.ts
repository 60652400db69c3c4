import type { Endpoint, Protocol, RequestHead } from "@iap/aws-core";
import { type Operation, readOperation } from "./operation.ts";
import { buildTrie, type RestTrie } from "./rest-trie.ts";
import { buildS3Table, type S3Table } from "./s3-request.ts";
import type { Shard } from "./shard.ts";

/** A shard, made ready for matching. */
export interface Model {
  readonly shard: Shard;
  readonly trie: RestTrie | undefined;
  readonly s3: S3Table | undefined;
  readonly queries: boolean;
  readonly json: Protocol | undefined;
  /** An operation, read when it is first asked for. */
  readonly operation: (name: string) => Operation | undefined;
}

export function prepareModel(shard: Shard): Model {
  const rest = shard.protocols.includes("restJson1") || shard.protocols.includes("restXml");
  const operations = new Map<string, Operation>();
  return {
    shard,
    operation(name) {
      const known = operations.get(name) ?? readOperation(shard, name);
      // Names that the shard does not have come from outside, and are not kept.
      if (known !== undefined) operations.set(name, known);
      return known;
    },
    trie: rest && shard.service !== "s3" ? buildTrie(shard) : undefined,
    s3: shard.service === "s3" ? buildS3Table(shard) : undefined,
    queries: shard.protocols.includes("awsQuery") || shard.protocols.includes("ec2Query"),
    json: shard.protocols.find((protocol) => protocol === "awsJson1_0" || protocol === "awsJson1_1"),
  };
}

/** The S3 table, when the request is one of S3's own API rather than of S3 Control. */
export function s3Model(models: readonly Model[], endpoint: Endpoint, { target }: RequestHead): Model | undefined {
  if (endpoint.endpointPrefix === "s3-control") return undefined;
  if (endpoint.s3?.style === "express" && endpoint.s3.bucket === undefined && target.startsWith("/v20180820/")) {
    return undefined;
  }
  return models.find(({ s3 }) => s3 !== undefined);
}

/** Whether services of other protocols than query answer here too. */
export function isShared(models: readonly Model[]): boolean {
  return models.some(({ trie, json }) => trie !== undefined || json !== undefined);
}
