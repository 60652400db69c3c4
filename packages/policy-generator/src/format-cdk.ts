import type { PolicyDocument, PolicyStatement } from "@iap/iam-evaluator";
import { jsonText } from "./json-text.ts";
import type { PolicyTarget } from "./policy-target.ts";

/** A TypeScript module for the AWS CDK: a class for each policy, or the statements where CDK has no such construct. */
export function cdkModule(
  documents: readonly PolicyDocument[],
  {
    name,
    className,
    target = "managed",
  }: { readonly name: string; readonly className: string; readonly target?: PolicyTarget | undefined },
): string {
  const number = (i: number): string => (documents.length === 1 ? "" : String(i + 1));
  if (target === "scp") {
    const policies = documents.map(
      (document, i) => `export class ${className}${number(i)} extends organizations.CfnPolicy {
  constructor(scope: Construct, id: string, targetIds: string[]) {
    super(scope, id, {
      name: ${jsonText(name + (number(i) && `-${number(i)}`))},
      type: "SERVICE_CONTROL_POLICY",
      targetIds,
      content: ${indented(jsonText(document, 2), "      ")},
    });
  }
}
`,
    );
    return `import * as organizations from "aws-cdk-lib/aws-organizations";\nimport type { Construct } from "constructs";\n\n${policies.join("\n")}`;
  }
  if (target === "session") {
    const documentsText = documents.map(
      (document, i) =>
        `export const ${className.slice(0, 1).toLowerCase()}${className.slice(1)}${number(i)} = new iam.PolicyDocument({\n  statements: ${statements(document, "  ")},\n});\n`,
    );
    return `import * as iam from "aws-cdk-lib/aws-iam";\n\n${documentsText.join("\n")}`;
  }
  const base = target === "managed" ? "ManagedPolicy" : "Policy";
  const classes = documents.map(
    (document, i) => `export class ${className}${number(i)} extends iam.${base} {
  constructor(scope: Construct, id: string, props: iam.${base}Props = {}) {
    super(scope, id, { ...props, statements: ${statements(document, "    ")} });
  }
}
`,
  );
  return `import * as iam from "aws-cdk-lib/aws-iam";\nimport type { Construct } from "constructs";\n\n${classes.join("\n")}`;
}

function statements({ Statement }: PolicyDocument, indent: string): string {
  const inner = `${indent}  `;
  const all = (Statement as readonly PolicyStatement[]).map(
    ({ Sid, Effect, Action, Resource, Condition }) => `${inner}new iam.PolicyStatement({
${inner}  sid: ${jsonText(Sid ?? "")},
${inner}  effect: iam.Effect.${Effect.toUpperCase()},
${inner}  actions: ${strings(Action, `${inner}  `)},
${inner}  resources: ${strings(Resource, `${inner}  `)},
${Condition === undefined ? "" : `${inner}  conditions: ${indented(jsonText(Condition, 2), `${inner}  `)},\n`}${inner}}),
`,
  );
  return `[\n${all.join("")}${indent}]`;
}

function strings(values: PolicyStatement["Action"], indent: string): string {
  const all = typeof values === "string" ? [values] : (values ?? []);
  if (all.length === 1) return `[${jsonText(all[0])}]`;
  return `[\n${all.map((value) => `${indent}  ${jsonText(value)},\n`).join("")}${indent}]`;
}

function indented(text: string, indent: string): string {
  return text.replaceAll("\n", `\n${indent}`);
}
