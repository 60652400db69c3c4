import assert from "node:assert/strict";
import { AwsError, type HeaderLine } from "@iap/aws-core";
import { parseAuthorization, signingForm, verify } from "../../src/index.ts";
import { agentKey, agentRequest, now, ringOf } from "../agent.ts";

const signed = agentRequest({ body: "{}", headers: [["Content-Type", "application/json"]] });
/** A head as it stands on the wire. */
function text(target: string, headers: readonly HeaderLine[]): Buffer {
  return Buffer.from([target, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n"), "latin1");
}
const credential = "ASIAEXAMPLEAGENTKEY1/20261123/us-east-1/sqs/aws4_request";

export const seeds: readonly Uint8Array[] = [
  text(signed.target, signed.headers),
  text("/", [
    [
      "Authorization",
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
    ],
    ["X-Amz-Date", "20261123T123456Z"],
  ]),
  text(
    `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential)}&X-Amz-Date=20261123T123456Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=${"0".repeat(64)}`,
    [["Host", "sqs.us-east-1.amazonaws.com"]],
  ),
  text("/", [["Authorization", "AWS ASIAEXAMPLEAGENTKEY1:c2lnbmF0dXJl"]]),
  text("/?AWSAccessKeyId=a&Signature=b&Expires=1", []),
  text("/", [["Authorization", "Bearer bedrock-api-key-YmVkcm9jaw=="]]),
  text("/", [
    [
      "Authorization",
      "AWS4-ECDSA-P256-SHA256 Credential=a/20261123/sqs/aws4_request, SignedHeaders=host, Signature=00",
    ],
    ["x-amz-region-set", "*"],
  ]),
];

/** Any head is one of a known agent's, unchanged in what its key signed, or refused with a code of AWS's. */
export function run(bytes: Uint8Array): void {
  const [target = "", ...lines] = Buffer.from(bytes).toString("latin1").split("\n");
  const headers = lines.map((line): HeaderLine => {
    const colon = line.indexOf(": ");
    return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
  });
  const request = { ...signed, target, headers };
  signingForm(request, request.body);
  try {
    const { scope, accessKeyId } = parseAuthorization(request);
    assert.ok(accessKeyId.length > 0 && scope.service.length > 0);
    verify(request, { keys: ringOf(agentKey), now });
  } catch (error) {
    if (error instanceof AwsError) return;
    throw error;
  }
  // Nobody but the agent's key makes a signature: what is believed is the request that was signed.
  const kept = (name: string): string[] =>
    headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value.trim());
  for (const name of ["host", "content-type", "x-amz-date", "x-amz-security-token"]) {
    const original = signed.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
    assert.deepEqual(
      kept(name).map((value) => value.replace(/ +/g, " ")),
      original,
    );
  }
}
