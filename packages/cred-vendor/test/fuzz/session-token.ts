import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { KeyVendor } from "../../src/index.ts";

const options = { installKey: createSecretKey(Buffer.alloc(32, 7)), maxRemembered: 2 };
const vendor = new KeyVendor(options);
const now = new Date("2026-01-01T00:00:00Z");
const keys = ["a", "an agent", "é".repeat(200)].map((agent) =>
  vendor.issue({ agent, session: "s", ttlSeconds: 3600, parent: "ASIAPARENT", now }),
);

export const seeds: readonly Uint8Array[] = keys.map(({ credentials: { accessKeyId, sessionToken } }) =>
  Buffer.from(`${accessKeyId} ${sessionToken}`),
);

/** A token opens in the one spelling it was vended in, for its own access key id, and for no other; whether remembered or not. */
export function run(bytes: Uint8Array): void {
  const [accessKeyId = "", ...rest] = Buffer.from(bytes).toString("latin1").split(" ");
  const token = rest.join(" ");
  const vended = keys.find(({ credentials }) => credentials.accessKeyId === accessKeyId);
  for (const ring of [vendor, new KeyVendor(options)]) {
    const found = ring.lookup(accessKeyId, token);
    if (vended === undefined || vended.credentials.sessionToken !== token) assert.equal(found, undefined);
    else {
      assert.equal(found?.credentials.secretAccessKey, vended.credentials.secretAccessKey);
      assert.deepEqual({ ...found, credentials: 0 }, { ...vended, credentials: 0 });
    }
  }
}
