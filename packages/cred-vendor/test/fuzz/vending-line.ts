import assert from "node:assert/strict";
import { VerbError } from "../../src/index.ts";
import { parseAnswer, parseCredentials, parseRequest } from "../../src/vending-protocol.ts";

export const seeds: readonly Uint8Array[] = [
  '{"version":1,"verb":"credentials"}',
  '{"version":1,"verb":"token","kind":"eks","clusterName":"a","__proto__":{"verb":1}}',
  '{"version":1,"result":{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","Expiration":"2026-01-01T00:00:00Z"}}',
  '{"version":1,"error":{"code":"busy","message":"Too many clients at once."}}',
].map((text) => Buffer.from(text));

/** A line is a request with a verb or refused by one of the protocol's own errors, and an answer of the form there is or none. */
export function run(bytes: Uint8Array): void {
  const line = Buffer.from(bytes).toString("utf8");
  try {
    assert.equal(typeof parseRequest(line).verb, "string");
  } catch (error) {
    if (!(error instanceof VerbError)) throw error;
    assert.match(error.code, /^(?:badRequest|unsupportedVersion)$/);
  }
  const answer = parseAnswer(line);
  if (answer === undefined) return;
  if ("error" in answer) assert.equal(typeof answer.error.message, "string");
  else {
    const credentials = parseCredentials(answer.result);
    if (credentials !== undefined) assert.ok(!Number.isNaN(Date.parse(credentials.Expiration)));
  }
}
