import { hash, randomUUID } from "node:crypto";
import type { FakeService } from "./fake-service.ts";
import { jsonAnswer } from "./json-answer.ts";
import { ServiceError } from "./service-error.ts";

/** SQS: SendMessage to the queues given, by name; messages are appended to them. */
export function sqs(queues: ReadonlyMap<string, string[]>): FakeService {
  return (request) =>
    jsonAnswer(request, (operation, { QueueUrl, MessageBody }) => {
      if (operation !== "SendMessage") {
        throw new ServiceError(400, "UnknownOperationException", `The fake SQS has no operation ${operation}.`);
      }
      const queue = queues.get(String(QueueUrl).split("/").at(-1) ?? "");
      if (queue === undefined) {
        throw new ServiceError(400, "QueueDoesNotExist", "The specified queue does not exist.");
      }
      if (typeof MessageBody !== "string" || MessageBody === "") {
        throw new ServiceError(400, "MissingParameter", "The request must contain the parameter MessageBody.");
      }
      queue.push(MessageBody);
      return { MessageId: randomUUID(), MD5OfMessageBody: hash("md5", MessageBody) };
    });
}
