// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import type { AuthorizationReference } from "./authorization-reference.ts";
import type { Condition, OverrideCheck } from "./overrides.ts";

/** What the services call it when tags are set on a resource by its ARN, and when they are removed. */
const names = {
  set: "TagResource AddTagsToResource CreateTags AddTags TagQueue AddTagsToStream AddTagsToVault ChangeTagsForResource AddTagsToCertificate UpdateTagsForResource TagCertificateAuthority TagDeliveryStream SetTagsForResource UpdateTagsForDomain",
  remove:
    "UntagResource RemoveTagsFromResource DeleteTags RemoveTags UntagQueue RemoveTagsFromStream RemoveTagsFromVault ChangeTagsForResource RemoveTagsFromCertificate UpdateTagsForResource UntagCertificateAuthority UntagDeliveryStream SetTagsForResource DeleteTagsForDomain",
} as const;

/** Services with an action for each type of resource, or of another name: by what their ARNs hold. */
const others: readonly (readonly [within: readonly string[], set: string, remove: string])[] = [
  [[":iam:", ":instance-profile/"], "iam:TagInstanceProfile", "iam:UntagInstanceProfile"],
  [[":iam:", ":mfa/"], "iam:TagMFADevice", "iam:UntagMFADevice"],
  [[":iam:", ":oidc-provider/"], "iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider"],
  [[":iam:", ":policy/"], "iam:TagPolicy", "iam:UntagPolicy"],
  [[":iam:", ":role/"], "iam:TagRole", "iam:UntagRole"],
  [[":iam:", ":saml-provider/"], "iam:TagSAMLProvider", "iam:UntagSAMLProvider"],
  [[":iam:", ":server-certificate/"], "iam:TagServerCertificate", "iam:UntagServerCertificate"],
  [[":iam:", ":user/"], "iam:TagUser", "iam:UntagUser"],
  [[":resource-groups:"], "resource-groups:Tag", "resource-groups:Untag"],
  [[":s3:::"], "s3:PutBucketTagging", "s3:PutBucketTagging"],
  [[":apigateway:"], "apigateway:PUT", "apigateway:DELETE"],
];

/**
 * What AWS authorises besides when an operation of no service of its own sets or removes the tags of resources by their ARNs: the action that the
 * service of each has for it (Resource Groups Tagging API, TagResources). Where a service has two, both.
 */
export function taggingChecks(
  { tagging, ...check }: OverrideCheck,
  reference: AuthorizationReference,
): readonly OverrideCheck[] {
  if (tagging === undefined) return [check];
  const known = new Set(names[tagging].split(" "));
  const own = (within: readonly string[], action: string): OverrideCheck => {
    const when: readonly Condition[] = within.map((text) => `.*=${text}`);
    return { ...check, when, action, resources: action.startsWith("apigateway:") ? tagPaths : ["${.}"] };
  };
  return [
    ...[...reference.values()].flatMap(({ name }) => {
      const [prefix = "", action = ""] = name.split(":");
      return prefix !== "tag" && prefix !== "s3" && known.has(action) ? [own([`:${prefix}:`], name)] : [];
    }),
    ...others.map(([within, set, remove]) => own(within, tagging === "set" ? set : remove)),
  ];
}

const tagPaths = ["arn:${Partition}:apigateway:${Region}::/tags/*"];
