import type { MemberModel, OperationModel, Service, ShapeModel } from "./botocore.ts";

/** The input of an operation: paths to its members, and their names on the wire. */
export interface Input {
  readonly service: Service;
  readonly operation: OperationModel;
  readonly shape: ShapeModel | undefined;
}

export type Step = { readonly field: string } | { readonly entry: string } | "each" | "values" | "keys";

export function inputOf(service: Service, operation: OperationModel): Input {
  return { service, operation, shape: operation.input && service.model.shapes[operation.input.shape] };
}

/** `Items[].Put{key}` as steps; a leading dot is left out. */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = [];
  const token = /\.?([^.[\]{}|:]+)|\[\]|\{\}|\{key\}|\{:([^{}|]+)\}/y;
  for (let at = path === "." ? 1 : 0; at < path.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(path);
    if (found === null) throw new Error(`${path} is not a path to a member`);
    const [whole, field, entry] = found;
    if (field !== undefined) steps.push({ field });
    else if (entry !== undefined) steps.push({ entry });
    else steps.push(whole === "[]" ? "each" : whole === "{}" ? "values" : "keys");
  }
  return steps;
}

/** The shape a path leads to, or undefined when the input has no such member. */
export function shapeAt({ service, shape }: Input, path: string): ShapeModel | undefined {
  const { shapes } = service.model;
  let at = shape;
  for (const step of stepsOf(path)) {
    if (at === undefined) return undefined;
    if (step === "each") at = at.type === "list" && at.member ? shapes[at.member.shape] : undefined;
    else if (step === "values" || (typeof step === "object" && "entry" in step))
      at = at.type === "map" && at.value ? shapes[at.value.shape] : undefined;
    else if (step === "keys") at = at.type === "map" && at.key ? shapes[at.key.shape] : undefined;
    else {
      const member: MemberModel | undefined = at.type === "structure" ? at.members?.[step.field] : undefined;
      at = member && shapes[member.shape];
    }
  }
  return at;
}

/** What a shard says of where members stand. */
export interface Names {
  readonly m: Record<string, string>;
  readonly f: Record<string, string>;
}

/** Adds the wire names of a path's steps to a shard entry, where they are not what a reader takes them for. */
export function addNames(input: Input, path: string, protocols: readonly string[], names: Names): void {
  const { service, operation } = input;
  const { shapes } = service.model;
  const isRest = protocols.some((one) => one === "restJson1" || one === "restXml");
  const isXml = protocols.includes("restXml");
  const isEc2 = protocols.includes("ec2Query");
  const hasForm = isEc2 || protocols.includes("awsQuery");
  const hasOther = protocols.some((one) => one !== "awsQuery" && one !== "ec2Query");
  let at = input.shape;
  let text = "";
  let flat: { readonly field: string; readonly name: string } | undefined;
  for (const step of stepsOf(path)) {
    if (at === undefined) return;
    if (typeof step === "object" && "field" in step) {
      const member: MemberModel | undefined = at.members?.[step.field];
      if (member === undefined) return;
      const top = text === "";
      text = top ? step.field : `${text}.${step.field}`;
      const name = member.locationName ?? step.field;
      if (hasOther) {
        if (isRest && top && member.location !== undefined) {
          const letter = { uri: "u", querystring: "q", header: "h" }[member.location];
          if (letter === undefined)
            throw new Error(`${service.name} ${operation.name}: ${path} stands in ${member.location}`);
          if (letter !== "u" || name !== step.field)
            names.m[text] = `${letter}:${letter === "h" ? name.toLowerCase() : name}`;
        } else if (name !== step.field) names.m[text] = name;
      }
      if (hasForm) {
        const inForm = isEc2
          ? (member.queryName ?? (member.locationName === undefined ? step.field : capital(member.locationName)))
          : name;
        const usual = isEc2 ? capital(step.field) : step.field;
        if (inForm !== usual) names.f[text] = inForm;
        flat = { field: text, name: inForm };
      }
      const next: ShapeModel | undefined = shapes[member.shape];
      // XML and query lists may be flattened at the member.
      at = next && member.flattened === true ? { ...next, flattened: true } : next;
      continue;
    }
    if (step === "each") {
      const element = at.member;
      const item = element?.locationName ?? "member";
      if (isXml) {
        if (at.flattened) names.m[`${text}[]`] = "";
        else if (item !== "member") names.m[`${text}[]`] = item;
      }
      if (hasForm && !isEc2) {
        if (at.flattened) {
          names.f[`${text}[]`] = "";
          if (element?.locationName !== undefined && flat?.field === text) names.f[text] = element.locationName;
        } else if (item !== "member") names.f[`${text}[]`] = item;
      }
      text += "[]";
      at = element && shapes[element.shape];
    } else {
      const entry = at.flattened ? "" : "entry";
      const key = at.key?.locationName ?? "key";
      const value = at.value?.locationName ?? "value";
      if (entry !== "entry" || key !== "key" || value !== "value") {
        if (isXml) names.m[`${text}{}`] = `${entry},${key},${value}`;
        if (hasForm) names.f[`${text}{}`] = `${entry},${key},${value}`;
      }
      text += "{}";
      at = step === "keys" ? undefined : at.value && shapes[at.value.shape];
    }
  }
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Every path to a scalar, up to a depth, lists and maps gone through; shapes that hold themselves once. */
export function scalarPaths(input: Input, maxDepth = 6): readonly Scalar[] {
  const { shapes } = input.service.model;
  const found: Scalar[] = [];
  const walk = (
    type: string | undefined,
    path: string,
    name: string,
    depth: number,
    seen: ReadonlySet<ShapeModel>,
  ): void => {
    const shape = type === undefined ? undefined : shapes[type];
    if (type === undefined || shape === undefined || depth > maxDepth || seen.has(shape)) return;
    const inner = new Set([...seen, shape]);
    if (shape.type === "structure") {
      for (const [member, { shape: target }] of Object.entries(shape.members ?? {}))
        walk(target, path === "" ? member : `${path}.${member}`, member, depth + 1, inner);
    } else if (shape.type === "list") walk(shape.member?.shape, `${path}[]`, name, depth, inner);
    else if (shape.type === "map") walk(shape.value?.shape, `${path}{}`, name, depth, inner);
    else found.push({ path, name, type, shape });
  };
  walk(input.operation.input?.shape, "", "", 0, new Set());
  return found;
}

/** A member that holds one value, with the name of its shape. */
export interface Scalar {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly shape: ShapeModel;
}

/** The paths to members that hold tags: lists of keys and values, or maps of texts, by a name that ends in `tags`. */
export function tagPaths(input: Input, maxDepth = 4): readonly string[] {
  const { shapes } = input.service.model;
  const found: string[] = [];
  const holdsTags = (shape: ShapeModel): boolean => {
    if (shape.type === "map") return shape.value !== undefined && shapes[shape.value.shape]?.type === "string";
    const names = Object.keys((shape.type === "list" && shape.member && shapes[shape.member.shape]?.members) || {});
    return names.some((name) => /^(?:tag)?key$/i.test(name)) && names.some((name) => /^(?:tag)?value$/i.test(name));
  };
  const walk = (type: string, path: string, name: string, depth: number, seen: ReadonlySet<string>): void => {
    const shape = shapes[type];
    // What looks for tags sets none.
    if (shape === undefined || depth > maxDepth || seen.has(type) || /filter|criteria|condition/i.test(name)) return;
    const isTags = /tags$/i.test(name) || (/^items$/i.test(name) && /tags\.items$/i.test(path));
    if (isTags && holdsTags(shape)) {
      found.push(path);
      return;
    }
    const inner = new Set([...seen, type]);
    if (shape.type === "structure") {
      for (const [member, { shape: target }] of Object.entries(shape.members ?? {}))
        walk(target, path === "" ? member : `${path}.${member}`, member, depth + 1, inner);
    } else if (shape.type === "list" && shape.member) walk(shape.member.shape, `${path}[]`, "", depth, inner);
  };
  if (input.operation.input !== undefined) walk(input.operation.input.shape, "", "", 0, new Set());
  return found;
}
