/**
 * The AWS SDK for JavaScript v3 as most programs use it: nothing but its environment tells it of a proxy.
 *
 *   node plain-aws-sdk-js.mjs BUCKET
 *
 * prints one JSON line per step, as aws-sdk-js.mjs does.
 */
import { Readable } from "node:stream";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const [Bucket] = process.argv.slice(2);
const s3 = new S3Client({});
const steps = {
  "sts:GetCallerIdentity": async () => (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Account,
  "s3:CreateBucket": async () => void (await s3.send(new CreateBucketCommand({ Bucket }))),
  "s3:PutObject buffer": async () =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: Buffer.alloc(70_000, "b") }))),
  "s3:PutObject stream": async () => {
    const Body = Readable.from([Buffer.alloc(40_000, "s"), Buffer.alloc(30_000, "t")], { objectMode: false });
    await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: 70_000 }));
  },
  "s3:GetObject": async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "buffer" }));
    return (await Body.transformToByteArray()).length;
  },
};
for (const [step, act] of Object.entries(steps)) {
  try {
    console.log(JSON.stringify({ step, ok: true, value: await act() }));
  } catch (error) {
    console.log(JSON.stringify({ step, ok: false, error: { name: error.name, message: error.message } }));
  }
}
