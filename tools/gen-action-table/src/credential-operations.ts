import { type Service, type ServiceModel, sdkName, signingName } from "./botocore.ts";
import type { ServiceOverrides } from "./overrides.ts";

/** An operation whose answer holds credentials, as `credential-operations.json` has it after review. */
export interface ReviewedOperation {
  readonly why: string;
  /** Further IAM prefixes the operation is resolved under. */
  readonly also?: readonly string[];
  /** Not in every version of the models, on purpose. */
  readonly unmodelled?: true;
  /** Something else in the answer leads to real keys, so that putting fake ones in their place would pretend. */
  readonly unreplaceable?: true;
}

/** By botocore's name of the service and the operation's: `s3:CreateSession`. */
export type ReviewedOperations = Readonly<Record<string, ReviewedOperation>>;

/**
 * The module `credential-operations.data.ts`: IAM prefix and operation to the reason. Fails when a reviewed operation
 * no longer exists, and when a model has an answer with an AWS secret key that nobody reviewed.
 */
export function credentialModule(
  reviewed: ReviewedOperations,
  services: readonly Service[],
  overrides: ReadonlyMap<string, ServiceOverrides>,
): string {
  for (const { name, model } of services) {
    for (const operation of Object.values(model.operations)) {
      const key = `${name}:${sdkName(operation)}`;
      if (operation.output && holdsSecretKey(model, operation.output.shape) && reviewed[key] === undefined) {
        throw new Error(`${key} answers with AWS keys: review it in credential-operations.json`);
      }
    }
  }
  const rows: [string, string][] = [];
  for (const [key, { why, also = [], unmodelled }] of Object.entries(reviewed)) {
    const [name = "", operation = ""] = key.split(":");
    const service = services.find((candidate) => candidate.name === name);
    if (service === undefined) throw new Error(`credential-operations.json: no service ${name}`);
    const modelled = Object.values(service.model.operations).some((model) => sdkName(model) === operation);
    if (!modelled && unmodelled !== true) throw new Error(`credential-operations.json: ${key} is not in the models`);
    const prefix = overrides.get(name)?.prefix ?? signingName(service.model);
    for (const of of [prefix, ...also]) rows.push([`${of}:${operation}`, why]);
  }
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  return `// Made by tools/gen-action-table from its credential-operations.json. Do not edit.

/** IAM prefix and operation: why its answer must not reach an agent. */
export const credentialOperations: Readonly<Record<string, string>> = {
${rows.map(([key, why]) => `  ${JSON.stringify(key)}: ${JSON.stringify(why)},`).join("\n")}
};
`;
}

/** Whether a shape has a member called like an AWS secret key, at any depth. */
function holdsSecretKey({ shapes }: ServiceModel, shape: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(shape)) return false;
  const inner = new Set([...seen, shape]);
  const { members = {}, member, value } = shapes[shape] ?? {};
  return (
    Object.keys(members).some((name) => /^(?:aws)?secret(?:access)?key(?:id)?$/i.test(name)) ||
    [...Object.values(members), member, value].some(
      (next) => next !== undefined && holdsSecretKey({ shapes } as ServiceModel, next.shape, inner),
    )
  );
}
