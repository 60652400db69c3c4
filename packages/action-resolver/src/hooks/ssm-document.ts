import { type CheckResource, parseArn } from "@iap/aws-core";
import { inPattern } from "../in-pattern.ts";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

/** Names under which AWS publishes documents for everybody. */
const published =
  /^(?:AWS-|AWSSupport-|AWSEC2-|AWSConfigRemediation-|AWSFleetManager-|AmazonCloudWatch-|AmazonInspector)/;
/** Nobody but AWS can give documents names that begin so; some of them AWS puts into the account. */
const reserved = /^(?:aws|amazon|amzn)/i;

/** Documents of Systems Manager by name or ARN: AWS's own have no account in their ARN (User Guide, "Setting up identity based policies"). */
export const ssmDocument: ResourceHook = (members, call) => {
  const names = textsOf(members, "name");
  if (names.length === 0)
    return [resource(call, "ssm", "document/*", { why: "the request does not name the document" })];
  return names.map((name): CheckResource => {
    if (name.startsWith("arn:")) {
      const arn = parseArn(name);
      if (arn?.service !== "ssm" || !/^(?:document|automation-definition)\//.test(arn.resource))
        return anyOf(call, "ssm", "the ARN is none of a document");
      return { arn: name };
    }
    if (published.test(name)) return resource(call, "ssm", `document/${name}`, { accountless: true });
    if (!reserved.test(name)) return resource(call, "ssm", `document/${name}`);
    return {
      pattern: `arn:${call.partition}:ssm:${call.region}:*:document/${inPattern(name)}`,
      why: "a document of AWS may stand in the account or in none",
    };
  });
};
