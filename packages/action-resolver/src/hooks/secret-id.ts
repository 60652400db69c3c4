import { type CheckResource, parseArn } from "@iap/aws-core";
import { inPattern } from "../in-pattern.ts";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

const why = "AWS adds six characters to the name of a secret";

/**
 * A secret by name, whole ARN or ARN without the six characters that AWS adds (Secrets Manager User Guide, "Troubleshooting": an
 * ARN that ends in a hyphen and six characters is taken as whole).
 */
export const secretId: ResourceHook = (members, call) => {
  const ids = textsOf(members, "id");
  if (ids.length === 0)
    return [resource(call, "secretsmanager", "secret:*", { why: "the request does not name the secret" })];
  return ids.map((id): CheckResource => {
    if (!id.startsWith("arn:")) return resource(call, "secretsmanager", `secret:${inPattern(id)}-??????`, { why });
    const arn = parseArn(id);
    if (arn?.service !== "secretsmanager" || !arn.resource.startsWith("secret:"))
      return anyOf(call, "secretsmanager", "the ARN is none of a secret");
    return /-[A-Za-z0-9]{6}$/.test(id) ? { arn: id } : { pattern: `${inPattern(id)}-??????`, why };
  });
};
