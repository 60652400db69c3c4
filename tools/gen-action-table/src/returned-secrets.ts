import type { OperationModel, Service, ShapeModel } from "./botocore.ts";

/** Names of members that hold secrets, when the model also marks them as sensitive or the name leaves no doubt. */
const secretName =
  /(?:secret|password|passphrase|private_?key|plain_?text|credential|auth(?:entication|orization)?_?(?:token|code)|access_?token|refresh_?token|session_?token|id_?token|api_?key|sas_?token|connection_?string)(?:string|binary|value|blob|material)?$/i;
const certainName =
  /^(?:secret(?:string|binary)|plaintext|privatekey|private_key|keymaterial|password|(?:access|refresh|session|id)token|authorizationtoken|apikeyvalue|secretaccesskey|masteruserpassword)$/i;
const noSecret =
  /(?:arn|id|name|type|url|uri|version|status|date|time|count|length|policy|config(?:uration)?|settings?|metadata|spec)s?$/i;

/**
 * Why the answer of an operation holds secrets, by the names of its members; undefined when none has such a name. A hint for people and
 * guards, never a reason to allow.
 */
export function returnedSecrets({ model }: Service, operation: OperationModel): string | undefined {
  const found = operation.output && secretIn(model.shapes, operation.output.shape, new Set());
  return found === undefined ? undefined : `Its answer holds ${found}.`;
}

function secretIn(
  shapes: Readonly<Record<string, ShapeModel>>,
  name: string,
  seen: ReadonlySet<string>,
): string | undefined {
  const shape = shapes[name];
  if (shape === undefined || seen.has(name) || seen.size > 8) return undefined;
  const inner = new Set([...seen, name]);
  for (const [member, { shape: target }] of Object.entries(shape.members ?? {})) {
    const { type, sensitive = false } = shapes[target] ?? {};
    const isText = type === "string" || type === "blob";
    if (isText && !noSecret.test(member) && (certainName.test(member) || (sensitive && secretName.test(member))))
      return member;
  }
  const nested = [...Object.values(shape.members ?? {}), shape.member, shape.value].filter((one) => one !== undefined);
  return nested.map((one) => secretIn(shapes, one.shape, inner)).find((one) => one !== undefined);
}
