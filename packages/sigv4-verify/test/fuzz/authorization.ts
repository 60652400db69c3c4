import assert from "node:assert/strict";
import { AwsError, type AwsRequest, type HeaderLine } from "@iap/aws-core";
import { authenticate, parseAuthorization, signingForm, verify } from "../../src/index.ts";
import { agentKey, agentRequest, now, ringOf } from "../agent.ts";
import { naiveVerify } from "../naive-verify.ts";
import { presigned } from "../presign.ts";

const signed = agentRequest({ body: "{}", headers: [["Content-Type", "application/json"]] });
/** A head as it stands on the wire. */
function text(target: string, headers: readonly HeaderLine[]): Buffer {
  return Buffer.from([target, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n"), "latin1");
}
const credential = "ASIAEXAMPLEAGENTKEY1/20261123/us-east-1/sqs/aws4_request";

export const seeds: readonly Uint8Array[] = [
  text(signed.target, signed.headers),
  ...["/a%2Fb//../c%20d?b=1&a=%7e&a", "/k?acl&x-id=a+b"].flatMap((target) =>
    ["s3", "sqs"].flatMap((service) =>
      [agentRequest({ service, target, body: "{}" }), presigned({ service, target, method: "POST", body: "{}" })].map(
        (request) => text(request.target, request.headers),
      ),
    ),
  ),
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

/** Any head is judged as AWS's page reads, and refused with a code of AWS's. */
export function run(bytes: Uint8Array): void {
  const [target = "", ...lines] = Buffer.from(bytes).toString("latin1").split("\n");
  const headers = lines.map((line): HeaderLine => {
    const colon = line.indexOf(": ");
    return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
  });
  const request = { ...signed, target, headers };
  signingForm(request, request.body);
  const accepted = isAccepted(request);
  const expected = naiveVerify(request, agentKey.credentials);
  if (expected !== undefined) assert.equal(accepted, expected && isOfNow(request));
}

function isAccepted(request: AwsRequest): boolean {
  try {
    const { scope, accessKeyId } = parseAuthorization(request);
    assert.ok(accessKeyId.length > 0 && scope.service.length > 0);
    verify(request, { keys: ringOf(agentKey), now });
    return true;
  } catch (error) {
    if (error instanceof AwsError) return false;
    throw error;
  }
}

/** The clock is `authenticate`'s to judge, and its tests'. */
function isOfNow(request: AwsRequest): boolean {
  try {
    authenticate(parseAuthorization(request), { keys: ringOf(agentKey), now });
    return true;
  } catch {
    return false;
  }
}
