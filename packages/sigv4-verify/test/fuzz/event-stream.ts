import assert from "node:assert/strict";
import { AwsError } from "@iap/aws-core";
import { readSignedEvent } from "@iap/sigv4";
import { verify } from "../../src/index.ts";
import { agentKey, now, ringOf } from "../agent.ts";
import { eventsRequest } from "../streams.ts";

const payloads = [Buffer.from("one"), Buffer.from("two")];
const signed = eventsRequest(payloads);

export const seeds: readonly Uint8Array[] = [signed.body];

/** Only messages that the agent signed go on, in their order; and a stream is whole only with its last one. */
export function run(bytes: Uint8Array): void {
  const ends: boolean[] = [];
  for (const size of [Math.max(1, bytes.length), 1]) {
    const { body } = verify({ ...signed, body: undefined }, { keys: ringOf(agentKey), now });
    assert.equal(body.kind, "stream");
    const filter = (body as Extract<typeof body, { kind: "stream" }>).filter();
    const out: Uint8Array[] = [];
    try {
      for (let at = 0; at < bytes.length; at += size)
        out.push(filter.push(bytes.subarray(at, at + size)) ?? new Uint8Array());
      out.push(filter.end() ?? new Uint8Array());
      ends.push(true);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      ends.push(false);
    }
    let rest = Buffer.concat(out);
    const passed: string[] = [];
    while (rest.length >= 12 && rest.length >= rest.readUInt32BE(0)) {
      const length = rest.readUInt32BE(0);
      passed.push(Buffer.from(readSignedEvent(rest.subarray(0, length)).payload).toString());
      rest = rest.subarray(length);
    }
    assert.deepEqual(passed, ["one", "two", ""].slice(0, passed.length));
    if (ends.at(-1)) assert.equal(passed.length, 3);
  }
  assert.equal(ends[0], ends[1]);
}
