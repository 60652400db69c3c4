import { cdkModule } from "./format-cdk.ts";
import { cloudFormationTemplate } from "./format-cloudformation.ts";
import { aligned, fitsDataSource, hclDataSource, hclExpression, hclString } from "./format-hcl.ts";
import { yamlText } from "./format-yaml.ts";
import { jsonText } from "./json-text.ts";
import { pascalCase } from "./pascal-case.ts";
import type { PolicyTarget } from "./policy-target.ts";
import type { PolicyText } from "./policy-text.ts";

/** What a policy can be written as. `hcl` is Terraform's data source, `hcl-json` a resource with `jsonencode`. */
export type PolicyFormat = "json" | "yaml" | "hcl" | "hcl-json" | "cloudformation" | "cdk";

export const POLICY_FORMATS: readonly PolicyFormat[] = ["json", "yaml", "hcl", "hcl-json", "cloudformation", "cdk"];

export interface FormatOptions {
  /** What the policy is for. Default `managed`. */
  readonly target?: PolicyTarget | undefined;
  /** Names resources and classes: letters, digits, `-` and `_`, beginning with a letter. Default `agent`. */
  readonly name?: string | undefined;
}

/** The format cannot say this policy; the message names one that can. */
export class PolicyFormatError extends Error {
  override readonly name = "PolicyFormatError";
}

/**
 * Writes policies as one text. Several policies are a JSON list, YAML documents, or several resources. Throws
 * `PolicyFormatError` where the format has no way to say it.
 */
export function formatPolicies(
  policies: readonly PolicyText[],
  format: PolicyFormat,
  { target, name = "agent" }: FormatOptions = {},
): string {
  const documents = policies.map(({ policy }) => policy);
  const number = (i: number): string => (policies.length === 1 ? "" : `_${i + 1}`);
  const label = name.replaceAll("-", "_");
  switch (format) {
    case "json":
      return policies.length === 1 ? (policies[0] as PolicyText).text : `${jsonText(documents, 2)}\n`;
    case "yaml":
      return documents.map((document) => yamlText(document)).join("---\n");
    case "hcl":
      if (!documents.every(fitsDataSource)) {
        throw new PolicyFormatError(
          'A resource holds "&{", which an aws_iam_policy_document reads as a policy variable: use --format hcl-json.',
        );
      }
      return documents.map((document, i) => hclDataSource(document, `${label}${number(i)}`)).join("\n");
    case "hcl-json":
      return documents
        .map((document, i) => hclResource(document, label + number(i), name + number(i), target))
        .join("\n");
    case "cloudformation": {
      const template = cloudFormationTemplate(documents, { name, logicalId: `${pascalCase(name)}Policy`, target });
      if (template !== undefined) return template;
      throw new PolicyFormatError("CloudFormation has no session policies: use --format json.");
    }
    case "cdk":
      return cdkModule(documents, { name, className: `${pascalCase(name)}Policy`, target });
  }
}

function hclResource(document: unknown, label: string, name: string, target: PolicyTarget = "managed"): string {
  const policy = `jsonencode(${hclExpression(document, "  ")})`;
  const named = ["name", hclString(name)] as const;
  switch (target) {
    case "managed":
      return `resource "aws_iam_policy" "${label}" {\n${aligned([named, ["policy", policy]], "  ")}}\n`;
    case "session":
      return `locals {\n${aligned([[`${label}_session_policy`, policy]], "  ")}}\n`;
    case "scp": {
      const type = ["type", hclString("SERVICE_CONTROL_POLICY")] as const;
      return `resource "aws_organizations_policy" "${label}" {\n${aligned([named, type, ["content", policy]], "  ")}}\n`;
    }
    default: {
      const description = ["description", hclString(`The ${target} that gets the policy`)] as const;
      const variable = `variable "${target}_name" {\n${aligned([["type", "string"], description], "  ")}}\n`;
      const attributes = aligned([named, [target, `var.${target}_name`], ["policy", policy]], "  ");
      return `${variable}\nresource "aws_iam_${target}_policy" "${label}" {\n${attributes}}\n`;
    }
  }
}
