import type { CheckResource } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { textsOf } from "./resource.ts";

/** By the beginning of an id: what stands before it in the ARN. */
const forms: readonly (readonly [RegExp, string])[] = [
  [/^r-/, "root/o-*/"],
  [/^ou-/, "ou/o-*/"],
  [/^\d{12}$/, "account/o-*/"],
  [/^p-/, "policy/o-*/*/"],
  [/^h-/, "handshake/o-*/*/"],
  [/^rp-/, "resourcepolicy/o-*/"],
  [/^rt-/, "transfer/o-*/*/*/"],
];

/** Things of an organization by id. Their ARNs hold the organization and its management account, which are not in the request. */
export const organizationsId: ResourceHook = (members, { partition }) => {
  const stem = `arn:${partition}:organizations::*:`;
  const ids = textsOf(members, "id");
  if (ids.length === 0) return [{ pattern: `${stem}*`, why: "the request does not name it" }];
  return ids.map((id): CheckResource => {
    const form = forms.find(([pattern]) => pattern.test(id))?.[1];
    if (form === undefined) return { pattern: `${stem}*`, why: "the id is of no form that is known" };
    // Policies of AWS itself, such as p-FullAWSAccess, have names in place of hexadecimal ids.
    if (form.startsWith("policy/") && /[A-Z]/.test(id))
      return {
        pattern: `arn:${partition}:organizations::aws:policy/*/${id}`,
        why: "the type of the policy is not in the request",
      };
    return { pattern: `${stem}${form}${id}`, why: "the organization is not in the request" };
  });
};
