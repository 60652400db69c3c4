import { createHash, randomUUID } from "node:crypto";
import { type JsonObject, jsonRpcAnswer } from "./answers.ts";
import { type Service, ServiceError, type ServiceRequest } from "./service.ts";

/** SQS (awsJson): CreateQueue, GetQueueUrl, SendMessage with the digests that clients check. */
export function sqs(): Service {
  const queues = new Map<string, string[]>();
  const url = ({ region, account }: ServiceRequest, name: string) =>
    `https://sqs.${region}.amazonaws.com/${account}/${name}`;
  const run = (request: ServiceRequest, operation: string, input: JsonObject): JsonObject => {
    const name = operation === "SendMessage" ? text(input.QueueUrl).split("/").at(-1) : text(input.QueueName);
    if (!name) throw new ServiceError(400, "MissingParameter", "A queue name or URL is required");
    switch (operation) {
      case "CreateQueue":
        if (!queues.has(name)) queues.set(name, []);
        return { QueueUrl: url(request, name) };
      case "GetQueueUrl":
        if (!queues.has(name)) throw noQueue();
        return { QueueUrl: url(request, name) };
      case "SendMessage": {
        const queue = queues.get(name);
        if (!queue) throw noQueue();
        queue.push(text(input.MessageBody));
        const attributes = input.MessageAttributes as Attributes | undefined;
        return {
          MessageId: randomUUID(),
          MD5OfMessageBody: createHash("md5").update(text(input.MessageBody)).digest("hex"),
          ...(attributes ? { MD5OfMessageAttributes: attributesDigest(attributes) } : {}),
        };
      }
      default:
        throw new ServiceError(400, "UnknownOperationException", `No operation ${operation}`);
    }
  };
  return (request) => {
    const operation = request.headers["x-amz-target"]?.replace(/^AmazonSQS\./, "") ?? "";
    return jsonRpcAnswer(request, operation, (input) => run(request, operation, input));
  };
}

type Attributes = Readonly<Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
function attributesDigest(attributes: Attributes): string {
  const hash = createHash("md5");
  const field = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue } = attributes[name] as Attributes[string];
    field(Buffer.from(name));
    field(Buffer.from(DataType));
    hash.update(Buffer.of(BinaryValue === undefined ? 1 : 2));
    field(BinaryValue === undefined ? Buffer.from(StringValue ?? "") : Buffer.from(BinaryValue, "base64"));
  }
  return hash.digest("hex");
}

function text(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "string") throw new ServiceError(400, "SerializationException", "A string is required");
  return value;
}

function noQueue(): ServiceError {
  return new ServiceError(400, "QueueDoesNotExist", "The specified queue does not exist.");
}
