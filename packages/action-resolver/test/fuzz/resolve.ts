import assert from "node:assert/strict";
import type { ResolvedCall } from "@iap/aws-core";
import { resolver, scoped } from "../support.ts";

const protocols = [
  {
    host: "dynamodb.us-east-1.amazonaws.com",
    method: "POST",
    headers: [
      ["X-Amz-Target", "DynamoDB_20120810.GetItem"],
      ["Content-Type", "application/x-amz-json-1.0"],
    ],
  },
  {
    host: "sqs.us-east-1.amazonaws.com",
    method: "POST",
    headers: [["Content-Type", "application/x-www-form-urlencoded"]],
  },
  { host: "bucket.s3.us-east-1.amazonaws.com", method: "PUT", headers: [] },
  {
    host: "monitoring.us-east-1.amazonaws.com",
    method: "POST",
    headers: [
      ["smithy-protocol", "rpc-v2-cbor"],
      ["Content-Type", "application/cbor"],
    ],
  },
  { host: "lambda.us-east-1.amazonaws.com", method: "POST", headers: [["Content-Type", "application/json"]] },
] as const;
for (const { host } of protocols) await resolver.load(scoped({ host }).scope.service);

/** The first byte chooses the service, the first line is the target, the rest the body. */
const seed = (service: number, target: string, body: string): Buffer =>
  Buffer.concat([Buffer.from([service]), Buffer.from(`${target}\n${body}`, "latin1")]);
export const seeds: readonly Uint8Array[] = [
  seed(0, "/", '{"TableName":"t","Key":{"id":{"S":"1"}}}'),
  seed(
    1,
    "/?Action=ListQueues&Version=2012-11-05",
    "Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F123456789012%2Fq&MessageBody=x",
  ),
  seed(2, "/key?tagging&versionId=1", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"),
  seed(2, "/?delete", "<Delete><Object><Key>k</Key></Object></Delete>"),
  seed(3, "/service/GraniteServiceVersion20100801/operation/GetMetricData", "\xa1\x61\x41\x61\x78"),
  seed(4, "/2015-03-31/functions/f/invocations", "{}"),
];

/** Whatever is asked, the answer is a call with checks, or a marker that says why not: never an exception, never silence. */
export function run(bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const { host, method, headers } = protocols[(bytes[0] as number) % protocols.length] as (typeof protocols)[number];
  const end = bytes.indexOf(0x0a, 1);
  const target = `/${Buffer.from(bytes.subarray(1, end < 0 ? undefined : end))
    .toString("latin1")
    .replace(/^\//, "")}`;
  const body = end < 0 ? new Uint8Array() : bytes.subarray(end + 1);
  const call: ResolvedCall = resolver.resolve(scoped({ host, method, target, headers, body }), {
    account: "123456789012",
  });
  if (call.checks.length === 0) assert.notEqual(call.marker, undefined);
  if (call.marker === "unknown" || call.marker === "ambiguous") assert.equal(call.checks.length, 0);
  for (const { action, resource } of call.checks) {
    assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/);
    const text = "arn" in resource ? resource.arn : "pattern" in resource ? resource.pattern : "*";
    assert.ok(text.length > 0);
  }
}
