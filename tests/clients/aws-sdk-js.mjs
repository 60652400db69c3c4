/**
 * The AWS SDK for JavaScript v3 as an agent's program uses it: an explicit proxy agent, credentials of the profile, the
 * CA from NODE_EXTRA_CA_CERTS (read when a process starts, hence a process of its own).
 *
 *   node aws-sdk-js.mjs BUCKET STEP...
 *
 * prints one JSON line per step: { step, ok, value } or { step, ok: false, error: { name, message, status, attempts } }.
 */
import { createHash } from "node:crypto";
import { get } from "node:https";
import { Readable } from "node:stream";
import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { fromIni } from "@aws-sdk/credential-providers";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";

const [Bucket, ...wanted] = process.argv.slice(2);
const httpsAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY, { keepAlive: true });
const base = {
  region: process.env.AWS_REGION,
  requestHandler: new NodeHttpHandler({ httpsAgent, connectionTimeout: 5000, requestTimeout: 30_000 }),
  ...(process.env.AWS_PROFILE ? { credentials: fromIni({ profile: process.env.AWS_PROFILE }) } : {}),
};

const s3 = new S3Client(base);
const s3PathStyle = new S3Client({ ...base, forcePathStyle: true });
const sts = new STSClient(base);
const dynamodb = new DynamoDBClient(base);
const sqs = new SQSClient(base);
const ec2 = new EC2Client(base);
const lambda = new LambdaClient(base);
const iam = new IAMClient(base);
const cloudwatch = {
  json: new CloudWatchClient({ ...base, protocol: AwsJson1_0Protocol }),
  cbor: new CloudWatchClient({ ...base, protocol: AwsSmithyRpcV2CborProtocol }),
  query: new CloudWatchClient({ ...base, protocol: AwsQueryProtocol }),
};

const TableName = "orders";
const oddKey = "odd/ключ %2F+=&?#~!*'()[]@:;,$ end";
/** Content that anybody can compute again. */
const content = (length) => {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7) & 0xff;
  return bytes;
};
const large = 20 * 1024 * 1024;
const digest = (bytes) => `${bytes.length}:${createHash("sha256").update(bytes).digest("hex")}`;
const download = async (Key, more = {}) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from(await Body.transformToByteArray());
};
const fetchUrl = (url) =>
  new Promise((resolve, reject) => {
    get(url, { agent: httpsAgent }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, body: Buffer.concat(chunks) });
    }).on("error", reject);
  });
const metrics = (client, MetricName) => ({
  put: () =>
    client.send(
      new PutMetricDataCommand({
        Namespace: "e2e",
        MetricData: [{ MetricName, Value: 1, Timestamp: new Date(), Unit: "Count" }],
      }),
    ),
  list: async () =>
    (await client.send(new ListMetricsCommand({ Namespace: "e2e" }))).Metrics.map((metric) => metric.MetricName),
});

const steps = {
  "sts:GetCallerIdentity": async () => (await sts.send(new GetCallerIdentityCommand({}))).Account,
  "s3:CreateBucket": async () => void (await s3.send(new CreateBucketCommand({ Bucket }))),
  "s3:ListBuckets": async () => (await s3.send(new ListBucketsCommand({}))).Buckets.map(({ Name }) => Name),
  "s3:HeadBucket": async () => void (await s3.send(new HeadBucketCommand({ Bucket }))),
  "s3:PutObject empty": async () =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key: "empty", Body: Buffer.alloc(0) }))),
  "s3:PutObject buffer": async () =>
    void (await s3.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: content(70_000) }))),
  "s3:PutObject stream": async () => {
    const chunks = [content(70_000).subarray(0, 30_000), content(70_000).subarray(30_000)];
    const Body = Readable.from(chunks, { objectMode: false });
    await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: 70_000 }));
  },
  "s3:PutObject odd key": async () => void (await s3.send(new PutObjectCommand({ Bucket, Key: oddKey, Body: "odd" }))),
  "s3:PutObject path style": async () =>
    void (await s3PathStyle.send(new PutObjectCommand({ Bucket, Key: "path-style", Body: "path" }))),
  "s3:GetObject buffer": async () => digest(await download("buffer")),
  "s3:GetObject stream": async () => digest(await download("stream")),
  "s3:GetObject odd key": async () => (await download(oddKey)).toString(),
  "s3:GetObject path style": async () => {
    const { Body } = await s3PathStyle.send(new GetObjectCommand({ Bucket, Key: "path-style" }));
    return Body.transformToString();
  },
  "s3:GetObject range": async () => digest(await download("buffer", { Range: "bytes=100-299" })),
  "s3:HeadObject": async () => (await s3.send(new HeadObjectCommand({ Bucket, Key: "buffer" }))).ContentLength,
  "s3:multipart": async () => {
    const upload = new Upload({
      client: s3,
      params: { Bucket, Key: "large", Body: Readable.from([content(large)]) },
      partSize: 6 * 1024 * 1024,
    });
    await upload.done();
    return digest(await download("large"));
  },
  "s3:abort multipart": async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "never" }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "never", UploadId }));
  },
  "s3:CopyObject": async () => {
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/buffer` }));
    return digest(await download("copy"));
  },
  "s3:ListObjectsV2": async () => (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents.map(({ Key }) => Key),
  "s3:ListObjectsV2 prefix": async () =>
    (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "buf" }))).Contents.map(({ Key }) => Key),
  "s3:DeleteObject": async () => void (await s3.send(new DeleteObjectCommand({ Bucket, Key: "copy" }))),
  "s3:presigned GET": async () => {
    const { status, body } = await fetchUrl(
      await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "buffer" }), { expiresIn: 300 }),
    );
    return { status, body: digest(body) };
  },
  "s3:GetObject throttled once": async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: "throttled-once", Body: "in the end" }));
    return (await download("throttled-once")).toString();
  },
  "s3:GetObject missing": async () => void (await download("missing")),
  "s3:echo-signature-error": async () => void (await download("echo-signature-error")),
  "dynamodb:CreateTable": async () =>
    void (await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    )),
  "dynamodb:PutItem": async () =>
    void (await dynamodb.send(new PutItemCommand({ TableName, Item: { id: { S: "1" }, note: { S: "zażółć" } } }))),
  "dynamodb:GetItem": async () =>
    (await dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: "1" } } }))).Item.note.S,
  "dynamodb:Query": async () => {
    const input = { TableName, KeyConditionExpression: "id = :id", ExpressionAttributeValues: { ":id": { S: "1" } } };
    return (await dynamodb.send(new QueryCommand(input))).Items.map(({ note }) => note.S);
  },
  "sqs:CreateQueue": async () => (await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }))).QueueUrl,
  "sqs:SendMessage": async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "jobs" }));
    const MessageAttributes = { kind: { DataType: "String", StringValue: "test" } };
    return Boolean(
      (await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello", MessageAttributes }))).MessageId,
    );
  },
  "ec2:DescribeInstances": async () =>
    (await ec2.send(new DescribeInstancesCommand({}))).Reservations[0].Instances.map(({ InstanceId }) => InstanceId),
  "lambda:ListFunctions": async () =>
    (await lambda.send(new ListFunctionsCommand({}))).Functions.map((one) => one.FunctionName),
  "lambda:Invoke": async () => {
    const { Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: "hello", Payload: JSON.stringify({ n: 1 }) }),
    );
    return JSON.parse(Buffer.from(Payload).toString());
  },
  ...Object.fromEntries(
    Object.entries(cloudwatch).flatMap(([protocol, client]) => [
      [`cloudwatch:PutMetricData ${protocol}`, async () => void (await metrics(client, `of-${protocol}`).put())],
      [`cloudwatch:ListMetrics ${protocol}`, () => metrics(client).list()],
    ]),
  ),
  "iam:ListUsers": async () => (await iam.send(new ListUsersCommand({}))).Users.map(({ UserName }) => UserName),
};

for (const step of wanted.length > 0 ? wanted : Object.keys(steps)) {
  try {
    const value = await steps[step]();
    console.log(JSON.stringify({ step, ok: true, value: value ?? null }));
  } catch (error) {
    const { name, message, $metadata = {} } = error;
    const { httpStatusCode: status, attempts } = $metadata;
    console.log(JSON.stringify({ step, ok: false, error: { name, message, status, attempts } }));
  }
}
httpsAgent.destroy();
