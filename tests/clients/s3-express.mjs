/**
 * The AWS SDK for JavaScript at a directory bucket of S3 Express: it asks CreateSession by itself.
 *
 *   node s3-express.mjs BUCKET
 *
 * prints what was put, got and listed as JSON, with every session that the SDK was given.
 */
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromIni } from "@aws-sdk/credential-providers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";

const [Bucket] = process.argv.slice(2);
const httpsAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY, { keepAlive: true });
const s3 = new S3Client({
  region: process.env.AWS_REGION,
  requestHandler: new NodeHttpHandler({ httpsAgent }),
  credentials: fromIni({ profile: process.env.AWS_PROFILE }),
});
const sessions = [];
s3.middlewareStack.add(
  (next, { commandName }) =>
    async (args) => {
      const result = await next(args);
      if (commandName === "CreateSessionCommand") sessions.push(result.output.Credentials);
      return result;
    },
  { step: "initialize" },
);
await s3.send(new PutObjectCommand({ Bucket, Key: "a/first", Body: "first" }));
await s3.send(new PutObjectCommand({ Bucket, Key: "a/second", Body: Buffer.alloc(300_000, "x") }));
const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "a/first" }));
const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" }));
const listed = Contents.map(({ Key }) => Key);
process.stdout.write(`${JSON.stringify({ got: await Body.transformToString(), listed, sessions })}\n`);
