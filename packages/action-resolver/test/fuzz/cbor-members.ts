import assert from "node:assert/strict";
import { readCborMembers } from "../../src/cbor-members.ts";
import { TwoReadings } from "../../src/member-value.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["A", "L[].K", "M{key}"]);

export const seeds: readonly Uint8Array[] = [
  ...["a161416178", "bf61417f61786179ff614201ff", "a261428201f66141182a", "a1614c9fa1614b6161a1614b6162ff"],
  ...["a1614da261780161790 2".replace(" ", ""), "a16141c11a6553f100", "a16141fb3ff8000000000000", "a16141420001", ""],
].map((hex) => Buffer.from(hex, "hex"));

/** Bytes are read as one value, or refused; a byte more or less is never the same. */
export function run(bytes: Uint8Array): void {
  const read = (input: Uint8Array): unknown => {
    try {
      return { value: shown(readCborMembers(input, asked)) };
    } catch (error) {
      if (error instanceof TwoReadings) return "refused";
      throw error;
    }
  };
  if (read(bytes) === "refused" || bytes.length === 0) return;
  assert.equal(read(Buffer.concat([bytes, Buffer.from([0])])), "refused");
  if (bytes.length > 1) assert.equal(read(bytes.subarray(0, -1)), "refused");
}
