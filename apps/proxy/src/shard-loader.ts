import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Shard } from "@iap/action-resolver";

/** Reads a service's shard of the action table out of `@iap/action-resolver`. */
export async function loadShard(shard: string): Promise<Shard> {
  const url = import.meta.resolve(`@iap/action-resolver/data/${shard}.json`);
  return JSON.parse(await readFile(fileURLToPath(url), "utf8")) as Shard;
}
