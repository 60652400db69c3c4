import { type CheckResource, parseArn } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

/**
 * Parameters by name or ARN (Systems Manager User Guide, "Restricting access to parameters"): the ARN of `/a/b` is
 * `parameter/a/b`. A version or label behind a colon is no part of the name, nor is white space around it; what AWS publishes under
 * `/aws/service/` has no account.
 */
export const ssmParameter: ResourceHook = (members, call) => {
  const names = textsOf(members, "name");
  if (names.length === 0)
    return [resource(call, "ssm", "parameter/*", { why: "the request does not name the parameter" })];
  return names.map((name): CheckResource => {
    if (!name.startsWith("arn:")) {
      const [plain = ""] = name.split(":");
      const path = plain.trim().replace(/^\//, "");
      if (/^\/|\/\//.test(path)) return anyOf(call, "ssm", "the name of the parameter has empty parts");
      return resource(call, "ssm", `parameter/${path}`, { accountless: path.startsWith("aws/service/") });
    }
    const arn = parseArn(name);
    if (arn?.service !== "ssm" || !/^parameter\/[^/]/.test(arn.resource))
      return anyOf(call, "ssm", "the ARN is none of a parameter");
    return { arn: name.split(":").slice(0, 6).join(":") };
  });
};
