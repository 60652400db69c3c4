import type { CheckResource } from "@iap/aws-core";
import { TwoReadings } from "../member-value.ts";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

/**
 * The queue that a QueueUrl names (`https://host/account/name`), or the path of an older query request. Both, and different, is refused, as is
 * a path of another form: SQS acts on the queue of the path.
 */
export const sqsQueue: ResourceHook = (members, call) => {
  const inPath = /^\/(\d{12})\/([A-Za-z0-9_.-]+)\/?$/.exec(call.path);
  if (inPath === null && call.path !== "/") throw new TwoReadings("the path is not that of a queue");
  const found = textsOf(members, "url").map((url): CheckResource => {
    if (url.startsWith("arn:")) return { arn: url };
    const [, account, name = ""] = /^(?:https?:\/\/[^/?#]+\/|\/)?(?:(\d{12})\/)?([A-Za-z0-9_.-]+)\/?$/.exec(url) ?? [];
    if (name === "") return anyOf(call, "sqs", "QueueUrl does not end with an account and the name of a queue");
    return resource(account === undefined ? call : { ...call, account }, "sqs", name);
  });
  if (inPath !== null) {
    const there = resource({ ...call, account: inPath[1] }, "sqs", inPath[2] as string);
    if (found.some((one) => JSON.stringify(one) !== JSON.stringify(there)))
      throw new TwoReadings("the path and QueueUrl name different queues");
    return [there];
  }
  const named = textsOf(members, "name").map((name) => {
    const [owner] = textsOf(members, "owner");
    return resource(owner === undefined ? call : { ...call, account: owner }, "sqs", name);
  });
  const all = [...found, ...named];
  return all.length > 0 ? all : [resource(call, "sqs", "*", { why: "the request does not name the queue" })];
};
