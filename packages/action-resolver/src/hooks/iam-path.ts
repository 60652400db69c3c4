import type { CheckResource } from "@iap/aws-core";
import { inPattern } from "../in-pattern.ts";
import type { ResourceHook } from "./hook.ts";
import { textsOf } from "./resource.ts";

/**
 * Entities of IAM by name: the ARN also holds a path, which the request does not give (IAM User Guide, "IAM identifiers"). With
 * `path` the request says it. `kind` is the ARN's type: `role`.
 */
export const iamPath: ResourceHook = (members, { partition, account = "*" }, kind = "role") => {
  const stem = `arn:${partition}:iam::${account}:${kind}`;
  const [path] = textsOf(members, "path");
  const names = textsOf(members, "name");
  if (names.length === 0) return [{ pattern: `${stem}/*`, why: `the request does not name the ${kind}` }];
  return names.flatMap((name): readonly CheckResource[] => {
    if (name.startsWith("arn:")) return [{ arn: name }];
    if (path?.startsWith("/") && path.endsWith("/") && account !== "*") return [{ arn: `${stem}${path}${name}` }];
    const why = `the path of ${name} is not in the request`;
    return [
      account === "*"
        ? { pattern: `${stem}/${inPattern(name)}`, why: "the account is not known" }
        : { arn: `${stem}/${name}` },
      { pattern: `${stem}/*/${inPattern(name)}`, why },
    ];
  });
};
