import type { CheckResource } from "@iap/aws-core";
import { inPattern } from "../in-pattern.ts";
import type { ResourceHook } from "./hook.ts";
import { resource, textsOf } from "./resource.ts";

const geographies = /^(?:us|us-gov|eu|apac|jp|au|ca|global|amer|me|sa|af|in|kr|sg|uk)\.(.+)$/;

/**
 * A model of Bedrock by id, inference profile or ARN. A profile is authorised with the foundation models behind it, in the regions it routes to
 * (Bedrock User Guide, "Prerequisites for inference profiles"); of a global one in the region of the request, and in none ("Global cross-Region
 * inference"). With the kind `regional` the latter is left to the table, which says that it has no region.
 */
export const bedrockModel: ResourceHook = (members, call, kindOfUse) => {
  const models = textsOf(members, "model");
  if (models.length === 0)
    return [{ pattern: `arn:${call.partition}:bedrock:*`, why: "the request does not name the model" }];
  return models.flatMap((model): readonly CheckResource[] => {
    const [, region = "", kind, id] = /^arn:[^:]*:bedrock:([^:]*):[^:]*:([^/]+)\/(.+)$/.exec(model) ?? [];
    const isRegional = kindOfUse === "regional";
    if (kind === "inference-profile" && id !== undefined)
      return [{ arn: model }, ...behind(id, { partition: call.partition, region, isRegional })];
    if (kind === "prompt") return [{ pattern: `arn:${call.partition}:bedrock:*`, why: "the prompt names its model" }];
    if (kind !== undefined && hidden.has(kind))
      return [{ arn: model }, anyModel(call.partition, `the ${kind} names its models`)];
    if (model.startsWith("arn:")) return [{ arn: model }];
    if (!geographies.test(model))
      return [resource(call, "bedrock", `foundation-model/${model}`, { accountless: true })];
    return [resource(call, "bedrock", `inference-profile/${model}`), ...behind(model, { ...call, isRegional })];
  });
};

/** What stands for models that its ARN does not name. */
const hidden = new Set(["application-inference-profile", "default-prompt-router", "prompt-router"]);

function anyModel(partition: string, why: string): CheckResource {
  return { pattern: `arn:${partition}:bedrock:*::foundation-model/*`, why };
}

function behind(
  profile: string,
  {
    partition,
    region,
    isRegional,
  }: { readonly partition: string; readonly region: string; readonly isRegional: boolean },
): readonly CheckResource[] {
  const model = geographies.exec(profile)?.[1];
  if (model === undefined) return [anyModel(partition, "the inference profile names its models")];
  if (profile.startsWith("global.")) {
    const regions = isRegional ? [region] : [region, ""];
    return regions.map((one) => ({ arn: `arn:${partition}:bedrock:${one}::foundation-model/${model}` }));
  }
  const why = "an inference profile routes to regions that the request does not name";
  return [{ pattern: `arn:${partition}:bedrock:*::foundation-model/${inPattern(model)}`, why }];
}
