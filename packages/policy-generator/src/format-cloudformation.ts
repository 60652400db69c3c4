import type { PolicyDocument } from "@iap/iam-evaluator";
import { yamlText } from "./format-yaml.ts";
import type { PolicyTarget } from "./policy-target.ts";

/** A CloudFormation template, in YAML, with a resource for each policy. Undefined where CloudFormation has no such resource. */
export function cloudFormationTemplate(
  documents: readonly PolicyDocument[],
  {
    name,
    logicalId,
    target = "managed",
  }: { readonly name: string; readonly logicalId: string; readonly target?: PolicyTarget | undefined },
): string | undefined {
  const resource = RESOURCES[target];
  if (resource === undefined) return undefined;
  const { parameter } = resource;
  const number = (i: number): string => (documents.length === 1 ? "" : String(i + 1));
  const Resources: Record<string, unknown> = {};
  documents.forEach((document, i) => {
    Resources[`${logicalId}${number(i)}`] = {
      Type: resource.type,
      Properties: resource.properties(document, `${name}${number(i) === "" ? "" : `-${number(i)}`}`),
    };
  });
  return yamlText({
    AWSTemplateFormatVersion: "2010-09-09",
    Description: "The least-privilege policy of what an agent was recorded to do",
    ...(parameter === undefined
      ? {}
      : { Parameters: { [parameter]: { Type: "String", Description: `The ${target} that gets the policy` } } }),
    Resources,
  });
}

interface TemplateResource {
  readonly type: string;
  readonly parameter?: string;
  readonly properties: (document: PolicyDocument, name: string) => Readonly<Record<string, unknown>>;
}

function inline(type: string, parameter: string): TemplateResource {
  return {
    type,
    parameter,
    properties: (PolicyDocument, PolicyName) => ({ PolicyName, [parameter]: { Ref: parameter }, PolicyDocument }),
  };
}

const RESOURCES: Readonly<Record<PolicyTarget, TemplateResource | undefined>> = {
  // Named by CloudFormation, so that a template can be used twice and needs no CAPABILITY_NAMED_IAM.
  managed: { type: "AWS::IAM::ManagedPolicy", properties: (PolicyDocument) => ({ PolicyDocument }) },
  role: inline("AWS::IAM::RolePolicy", "RoleName"),
  user: inline("AWS::IAM::UserPolicy", "UserName"),
  group: inline("AWS::IAM::GroupPolicy", "GroupName"),
  session: undefined,
  scp: {
    type: "AWS::Organizations::Policy",
    properties: (Content, Name) => ({ Name, Type: "SERVICE_CONTROL_POLICY", Content }),
  },
};
