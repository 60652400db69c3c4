import { type AwsRequest, headerValues, type Protocol, type RequestHead } from "@iap/aws-core";
import { readCborMembers } from "./cbor-members.ts";
import { formBody, hasOtherCharset, notGzip } from "./form-body.ts";
import { readFormMembers } from "./form-members.ts";
import { gunzip } from "./gunzip.ts";
import { readJsonMembers } from "./json-members.ts";
import { type MemberMap, type MemberValue, TwoReadings } from "./member-value.ts";
import type { Operation } from "./operation.ts";
import { decodePercent } from "./percent.ts";
import type { QueryString } from "./query-string.ts";
import { type OnWire, onWire, type Wanted, type WireNames } from "./wanted.ts";
import { readXmlMembers } from "./xml-members.ts";

/** Where in a request the wanted members of an operation stand, under one protocol. */
interface MemberPlan {
  /** By member: its place in the head. */
  readonly head: readonly {
    readonly member: string;
    readonly place: "label" | "query" | "header";
    readonly name: string;
    readonly isList: boolean;
  }[];
  /** What is read of the body; undefined for nothing. */
  readonly body: OnWire | undefined;
}

const plans = new WeakMap<Operation, Map<Protocol, MemberPlan>>();

/** Whether the checks of an operation look at its body. */
export function readsBody(operation: Operation, protocol: Protocol): boolean {
  return planOf(operation, protocol).body !== undefined;
}

/** The members of a request that the checks of its operation look at. Throws `TwoReadings`. */
export function readMembers(
  operation: Operation,
  protocol: Protocol,
  request: AwsRequest,
  { path, query }: { readonly path: string; readonly query: QueryString },
): MemberMap {
  const { head, body } = planOf(operation, protocol);
  const members = new Map<string, MemberValue>();
  const labels = head.some(({ place }) => place === "label")
    ? readLabels(operation.entry.w ?? [], request.method, path)
    : undefined;
  for (const { member, place, name, isList } of head) {
    const found =
      place === "label"
        ? [labels?.get(name)].filter((value) => value !== undefined)
        : place === "query"
          ? queryMember(query, name)
          : headerValues(request.headers, name);
    if (isList) {
      const values =
        place === "header" ? found.flatMap((value) => value.split(",")).map((value) => value.trim()) : found;
      if (values.length > 0) members.set(member, values);
      continue;
    }
    const [value, ...more] = found;
    if (more.length > 0) throw new TwoReadings(`${name} is there more than once`);
    if (value !== undefined) members.set(member, value);
  }
  if (body === undefined) return members;
  const inBody = readBody(operation, protocol, request, query, body);
  if (inBody === undefined) return members;
  const { p: payload } = operation.entry;
  if (payload !== undefined) members.set(payload, inBody);
  // `as`: what is wanted of a body that is no member is its members.
  else for (const [name, value] of inBody as MemberMap) members.set(name, value);
  return members;
}

/** The values of a query parameter. One in other letter case has two readings, as it has in a body. */
function queryMember(query: QueryString, name: string): readonly string[] {
  const folded = name.toLowerCase();
  const given = query.filter(([key]) => key.toLowerCase() === folded);
  const other = given.find(([key]) => key !== name);
  if (other !== undefined) throw new TwoReadings(`the query parameter ${other[0]} is not spelled as the API has it`);
  return given.map(([, value]) => value);
}

function planOf(operation: Operation, protocol: Protocol): MemberPlan {
  const known = plans.get(operation)?.get(protocol) ?? makePlan(operation, protocol);
  const all = plans.get(operation) ?? new Map<Protocol, MemberPlan>();
  plans.set(operation, all.set(protocol, known));
  return known;
}

function makePlan({ entry, wanted }: Operation, protocol: Protocol): MemberPlan {
  const { m: places = {}, f: formNames = {}, p: payload } = entry;
  const isRest = protocol === "restJson1" || protocol === "restXml";
  const isForm = protocol === "awsQuery" || protocol === "ec2Query";
  const labels = new Set(isRest ? labelNames(entry.w ?? []) : []);
  const head: MemberPlan["head"][number][] = [];
  const inBody = new Map<string, Wanted>();
  for (const [member, node] of wanted.fields) {
    const [, letter, given] = (isRest && /^([uqh]):(.*)$/s.exec(places[member] ?? "")) || [];
    const isList = node.each !== undefined;
    if (letter !== undefined && given !== undefined) {
      head.push({ member, place: letter === "u" ? "label" : letter === "q" ? "query" : "header", name: given, isList });
    } else if (labels.has(member)) head.push({ member, place: "label", name: member, isList });
    else inBody.set(member, node);
  }
  if (inBody.size === 0) return { head, body: undefined };
  const wire: WireNames = isForm
    ? {
        names: formNames,
        field: protocol === "ec2Query" ? (name) => name.charAt(0).toUpperCase() + name.slice(1) : (name) => name,
        item: protocol === "ec2Query" ? "" : "member",
      }
    : { names: places, field: (name) => name, item: "member" };
  const root: Wanted = { fields: inBody, each: undefined, values: undefined, keys: false };
  const body = onWire(root, wire);
  if (payload === undefined) return { head, body };
  const inside = [...body.fields.values()].find(({ member }) => member === payload);
  return { head, body: inside?.node };
}

function readBody(
  { name }: Operation,
  protocol: Protocol,
  request: AwsRequest,
  query: QueryString,
  wanted: OnWire,
): MemberValue | undefined {
  if (protocol === "awsQuery" || protocol === "ec2Query") {
    const form = formBody(request, true);
    if (typeof form === "string") throw new TwoReadings(form);
    return readFormMembers(query, form?.bytes, wanted);
  }
  if (request.body === undefined)
    throw new TwoReadings(`the body was not read, and ${name} names in it what it acts on`);
  const bytes = inflated(request, request.body);
  const [type = "", ...more] = headerValues(request.headers, "content-type");
  if (more.length > 0) throw new TwoReadings("Content-Type is there more than once");
  if (hasOtherCharset(type)) throw new TwoReadings("the body is not UTF-8");
  if (protocol === "restXml") return readXmlMembers(bytes, wanted);
  if (protocol === "rpcV2Cbor" || isCbor(type)) return readCborMembers(bytes, wanted);
  return readJsonMembers(bytes, wanted);
}

/** The Kinesis clients of Java speak the JSON protocol in CBOR. */
function isCbor(contentType: string): boolean {
  return /^application\/x-amz-cbor-1\.[01]\s*(?:;|$)/i.test(contentType.trim());
}

function inflated({ headers }: RequestHead, body: Uint8Array): Uint8Array {
  const encodings = headerValues(headers, "content-encoding").flatMap((value) => value.split(","));
  const real = encodings.map((one) => one.trim().toLowerCase()).filter((one) => one !== "identity" && one !== "");
  if (real.length === 0) return body;
  if (real.length > 1 || real[0] !== "gzip") throw new TwoReadings("the body has a Content-Encoding that is not gzip");
  const content = gunzip(body);
  if (content === undefined) throw new TwoReadings(notGzip);
  return content;
}

function labelNames(wires: readonly string[]): readonly string[] {
  return wires.flatMap((wire) => [...wire.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name as string));
}

/** The labels of the first of an operation's URIs that fits a raw path, decoded. */
function readLabels(wires: readonly string[], method: string, path: string): ReadonlyMap<string, string> {
  const given = path.slice(1).split("/");
  if (given.length > 1 && given.at(-1) === "") given.pop();
  for (const wire of wires) {
    const space = wire.indexOf(" ");
    if (wire.slice(0, space) !== method) continue;
    const [uri = ""] = wire.slice(space + 1).split("?");
    const labels = fit(
      uri.split("/").filter((part) => part !== ""),
      given,
    );
    if (labels !== undefined) return labels;
  }
  throw new TwoReadings("the path does not fit its operation");
}

function fit(parts: readonly string[], given: readonly string[]): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  const greedy = parts.findIndex((part) => part.endsWith("+}"));
  const extra = given.length - parts.length;
  if (greedy < 0 ? extra !== 0 : extra < 0) return undefined;
  for (let i = 0, at = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    const count = i === greedy ? extra + 1 : 1;
    const raw = given.slice(at, at + count).join("/");
    at += count;
    if (!part.startsWith("{")) {
      if (raw !== part) return undefined;
      continue;
    }
    const value = decodePercent(raw);
    if (value === undefined) throw new TwoReadings("the path does not decode");
    labels.set(part.slice(1, part.endsWith("+}") ? -2 : -1), value);
  }
  return labels;
}
