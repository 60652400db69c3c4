import { type OperationModel, type Service, type ServiceModel, sdkName, signingName } from "./botocore.ts";
import type { ReviewedOperations } from "./credential-operations.ts";
import type { ServiceOverrides } from "./overrides.ts";

/** Where an answer carries temporary AWS credentials, in wire names: what apps/proxy replaces. */
interface CredentialOutput {
  readonly path: readonly string[];
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: string;
  readonly wrappers?: readonly string[];
}

/**
 * The module `credential-outputs.data.ts`: IAM prefix and operation to the place of the temporary credentials in the
 * answer, under every prefix it is resolved under. Permanent keys (no session token) are left out: they cannot be
 * replaced by something that expires; so is what was reviewed as not to be replaced. Fails when an answer has them in two places.
 */
export function credentialOutputsModule(
  services: readonly Service[],
  overrides: ReadonlyMap<string, ServiceOverrides>,
  reviewed: ReviewedOperations,
): string {
  const rows: [string, CredentialOutput][] = [];
  for (const { name, model } of services) {
    const prefix = overrides.get(name)?.prefix ?? signingName(model);
    for (const operation of Object.values(model.operations)) {
      const [found, ...more] = outputsOf(model, operation);
      if (more.length > 0) throw new Error(`${name}:${operation.name} answers with credentials in two places`);
      const { also = [], unreplaceable } = reviewed[`${name}:${sdkName(operation)}`] ?? {};
      if (found === undefined || unreplaceable) continue;
      for (const of of [prefix, ...also]) rows.push([`${of}:${sdkName(operation)}`, found]);
    }
  }
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  return `// Made by tools/gen-action-table from the output shapes of AWS's models. Do not edit.
import type { CredentialOutput } from "./credential-output.ts";

/** IAM prefix and operation: where its answer carries temporary credentials. */
export const credentialOutputs: Readonly<Record<string, CredentialOutput>> = {
${rows.map(([key, output]) => `  ${JSON.stringify(key)}: ${literal(output)},`).join("\n")}
};
`;
}

function literal(output: CredentialOutput): string {
  const members = Object.entries(output).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `{ ${members.join(", ").replaceAll('","', '", "')} }`;
}

function outputsOf(model: ServiceModel, { name, output }: OperationModel): readonly CredentialOutput[] {
  if (output === undefined) return [];
  const found: CredentialOutput[] = [];
  // A member that is the payload is the whole body.
  const { members = {}, payload } = model.shapes[output.shape] ?? {};
  const body = payload === undefined ? undefined : members[payload]?.shape;
  walk(body ?? output.shape, [], []);
  // The query protocol wraps its results; the SDK's schemas leave the wrapper's name, which is always the same, out.
  const { resultWrapper = model.metadata.protocol === "query" ? `${name}Result` : undefined } = output as {
    readonly resultWrapper?: string;
  };
  return resultWrapper === undefined ? found : found.map((one) => ({ ...one, wrappers: [resultWrapper] }));

  function walk(shapeName: string, path: readonly string[], above: readonly string[]): void {
    if (above.includes(shapeName)) return;
    const { members = {}, member } = model.shapes[shapeName] ?? {};
    const wire = (pattern: RegExp): string | undefined => {
      const key = Object.keys(members).find((candidate) => pattern.test(candidate));
      return key === undefined ? undefined : (members[key]?.locationName ?? key);
    };
    const accessKeyId = wire(/^accessKeyId$/i);
    const secretAccessKey = wire(/^secret(?:access)?key$/i);
    const sessionToken = wire(/^sessionToken$/i);
    const expiration = wire(/^expiration(?:Time)?$/i);
    if (accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined) {
      const names = { accessKeyId, secretAccessKey, sessionToken };
      found.push({ path, ...names, ...(expiration === undefined ? {} : { expiration }) });
    }
    for (const [key, { shape, locationName }] of Object.entries(members)) {
      walk(shape, [...path, locationName ?? key], [...above, shapeName]);
    }
    if (member !== undefined) walk(member.shape, [...path, "[]"], [...above, shapeName]);
  }
}
