import assert from "node:assert/strict";
import { awsSuffixes, checkEndpoint, formatArn, isAwsHost, parseArn, parseEndpoint } from "../../src/index.ts";

export const seeds: readonly Uint8Array[] = [
  ...["s3.us-east-1.amazonaws.com", "bucket.name.s3.dualstack.eu-west-1.amazonaws.com", "sts.amazonaws.com"],
  ...["ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com", "mrap.accesspoint.s3-global.amazonaws.com"],
  ...[
    "vpce-0a-b.sqs.us-east-1.vpce.amazonaws.com",
    "b.bucket.vpce-0a-b.s3.us-east-1.vpce.amazonaws.com",
    "abc.execute-api.us-east-1.amazonaws.com",
    "lambda.us-east-1.api.aws",
  ],
  ...["s3.cn-north-1.amazonaws.com.cn", "arn:aws:s3:::bucket/key", "arn:aws:iam::123456789012:role/a/b"],
].map((text) => Buffer.from(text, "latin1"));

/** Whatever a name looks like, it is a host of AWS's on a label's boundary, or none; and it is signed for at one region. */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) {
    assert.equal(isAwsHost(text), true);
    assert.equal(text, text.toLowerCase());
    assert.match(text, /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]+$/);
    const suffix = awsSuffixes.find((one) => text.endsWith(`.${one}`));
    assert.ok(suffix !== undefined, "a host of nobody's");
    for (const beyond of [
      `${text}.invalid`,
      `${text}.`,
      `${text}:443`,
      `${text}x`,
      `${text.slice(0, -suffix.length)}x${suffix}`,
    ]) {
      assert.equal(parseEndpoint(beyond), undefined, beyond);
    }
    const scope = { date: "20260101", region: "xx-nowhere-9", service: endpoint.signingNames[0] ?? "s3" };
    assert.throws(() => checkEndpoint(endpoint, scope));
  }
  const arn = parseArn(text);
  if (arn !== undefined) assert.equal(formatArn(arn), text);
}
