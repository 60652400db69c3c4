import { type CheckResource, parseArn } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

/**
 * The keys that `KeyId` members name: a key id, a key's ARN, or an alias, which AWS resolves to a key before it
 * authorises (KMS Developer Guide, "Controlling access to aliases"): any key of the account then.
 */
export const kmsKey: ResourceHook = (members, call) => {
  const keys = textsOf(members, "key");
  if (keys.length === 0) return [resource(call, "kms", "key/*", { why: "the request does not name the key" })];
  return keys.map((key): CheckResource => {
    if (!key.startsWith("arn:")) {
      if (key.startsWith("alias/"))
        return resource(call, "kms", "key/*", { why: `${key} stands for a key that only AWS knows` });
      return /[/:]/.test(key)
        ? anyOf(call, "kms", "the key's id is of no form that is known")
        : resource(call, "kms", `key/${key}`);
    }
    const arn = parseArn(key);
    if (arn?.service !== "kms") return anyOf(call, "kms", "the key's ARN is none of KMS");
    if (!arn.resource.startsWith("alias/")) return { arn: key };
    return {
      pattern: `arn:${arn.partition}:kms:${arn.region}:${arn.account}:key/*`,
      why: "an alias stands for a key that only AWS knows",
    };
  });
};
