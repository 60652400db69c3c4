import { expect, test } from "vitest";
import { loadShard } from "../src/shard-loader.ts";

test("a service's table is read out of the package that has it", async () => {
  const shard = await loadShard("s3");
  expect(shard).toMatchObject({ service: "s3", prefix: "s3" });
  expect(Object.keys(shard.operations)).toContain("GetObject");
});

test("a table that is not there is an error", async () => {
  await expect(loadShard("no-such-service")).rejects.toThrow();
});
