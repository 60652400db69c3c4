import type { Protocol } from "@iap/aws-core";
import { type AnswerNode, type AnswerValue, member, UnreadableAnswer } from "./answer-tree.ts";
import { cborText, readCborAnswer } from "./cbor-answer.ts";
import { answerForm, type CredentialOutput } from "./credential-output.ts";
import { readJsonAnswer } from "./json-answer.ts";
import { readXmlAnswer } from "./xml-answer.ts";

/** Real credentials as they stood in an answer. */
export interface FoundCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date | undefined;
}

/** What takes their place. */
export interface Replacement {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface VirtualiseOptions {
  readonly protocol: Protocol;
  readonly output: CredentialOutput;
  /** Makes the pair that the agent gets for a real one. */
  readonly replace: (found: FoundCredentials) => Replacement;
}

/**
 * An answer with every real key pair and session token replaced, and every other byte as it was. An answer that holds
 * none is returned as it is. Throws `UnreadableAnswer` when it does not have the operation's form, or when real
 * credentials would be left in it: it must not reach the agent then.
 */
export function virtualise(body: Buffer, { protocol, output, replace }: VirtualiseOptions): Buffer {
  const form = answerForm(protocol);
  const root = readers[form](body);
  const structures = structuresAt(root, form, output);
  const edits: { readonly start: number; readonly end: number; readonly bytes: Buffer }[] = [];
  const real: string[] = [];
  const given = new Set<string>();
  for (const structure of structures) {
    const places = {
      accessKeyId: text(structure, output.accessKeyId),
      secretAccessKey: text(structure, output.secretAccessKey),
      sessionToken: text(structure, output.sessionToken),
    };
    const missing = Object.entries(places).filter(([, place]) => place === undefined);
    if (missing.length === 3) continue;
    if (missing.length > 0) throw new UnreadableAnswer(`the credentials have no ${missing.map(([name]) => name)}`);
    const { accessKeyId, secretAccessKey, sessionToken } = places as Record<keyof Replacement, TextValue>;
    const found = {
      accessKeyId: accessKeyId.value,
      secretAccessKey: secretAccessKey.value,
      sessionToken: sessionToken.value,
      expiration: output.expiration === undefined ? undefined : expirationOf(member(structure, output.expiration)),
    };
    const fake = replace(found);
    given.add(fake.accessKeyId);
    real.push(found.accessKeyId, found.secretAccessKey, found.sessionToken);
    for (const name of ["accessKeyId", "secretAccessKey", "sessionToken"] as const) {
      const { start, end } = places[name] as TextValue;
      edits.push({ start, end, bytes: writers[form](fake[name]) });
    }
  }
  // Wherever else it stands, and however it is spelled there.
  const replaced = new Set(edits.map(({ start }) => start));
  for (const text of textsIn(root, replaced)) {
    if (real.some((secret) => text.includes(secret))) throw new UnreadableAnswer("real credentials are repeated in it");
    if (text.match(keyIds) !== null) throw new UnreadableAnswer("it has further keys");
  }
  const result = splice(body, edits);
  const left = result.toString("latin1");
  if (left.match(keyIds)?.some((id) => !given.has(id))) throw new UnreadableAnswer("it has further keys");
  if (real.some((secret) => left.includes(secret))) throw new UnreadableAnswer("real credentials are repeated in it");
  // Whatever the models say: an answer that speaks of keys, and not where they are expected, was not understood.
  if (edits.length === 0 && ofKeys.test(left)) throw new UnreadableAnswer("it speaks of keys where none are expected");
  return result;
}

type TextValue = AnswerValue & { readonly value: string };

const readers = { json: readJsonAnswer, xml: readXmlAnswer, cbor: readCborAnswer } as const;

const writers = {
  json: (value: string): Buffer => Buffer.from(JSON.stringify(value), "utf8"),
  // Letters, digits and base64's marks: nothing that XML escapes.
  xml: (value: string): Buffer =>
    Buffer.from(
      value.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`),
      "utf8",
    ),
  cbor: cborText,
} as const;

const keyIds = /(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])/g;
const ofKeys = /access_?key|secret_?key|session_?token/i;

/** The structures that the output's path leads to; in XML below the wrappers. */
function structuresAt(
  root: AnswerNode,
  form: keyof typeof readers,
  { path, wrappers = [] }: CredentialOutput,
): readonly AnswerNode[] {
  if (root.kind !== "map") throw new UnreadableAnswer("it is no structure");
  return (form === "xml" ? [...wrappers, ...path] : path).reduce<readonly AnswerNode[]>(step, [root]);
}

function step(nodes: readonly AnswerNode[], name: string): readonly AnswerNode[] {
  return nodes.flatMap((node) => {
    if (name === "[]") {
      if (node.kind === "list") return node.items;
      throw new UnreadableAnswer("a list is none");
    }
    const next = member(node, name);
    return next === undefined || (next.kind === "value" && (next.value === null || next.value === "")) ? [] : [next];
  });
}

/** Every name and value, but for the values that are replaced, by where they begin. */
function* textsIn(node: AnswerNode, replaced: ReadonlySet<number>): Generator<string> {
  if (node.kind === "list") for (const item of node.items) yield* textsIn(item, replaced);
  else if (node.kind === "map") {
    for (const [name, value] of node.members) {
      yield name;
      yield* textsIn(value, replaced);
    }
  } else if (typeof node.value === "string" && !replaced.has(node.start)) yield node.value;
}

/** A text member; undefined when it is absent, null or empty. */
function text(structure: AnswerNode, name: string): TextValue | undefined {
  const node = member(structure, name);
  if (node === undefined || (node.kind === "value" && (node.value === null || node.value === ""))) return undefined;
  if (node.kind !== "value" || typeof node.value !== "string") throw new UnreadableAnswer(`${name} is no text`);
  return { ...node, value: node.value };
}

/** A time: seconds or milliseconds since 1970, or ISO 8601. */
function expirationOf(node: AnswerNode | undefined): Date | undefined {
  if (node === undefined || node.kind !== "value" || node.value === null) return undefined;
  const { value } = node;
  // No session lasts to the year 5138, which is where seconds would reach this number.
  const ms = typeof value === "number" ? (value > 1e11 ? value : value * 1000) : Date.parse(value);
  if (!Number.isFinite(ms)) throw new UnreadableAnswer("the expiration is no time");
  return new Date(ms);
}

function splice(
  body: Buffer,
  edits: readonly { readonly start: number; readonly end: number; readonly bytes: Buffer }[],
): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, bytes } of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(body.subarray(at, start), bytes);
    at = end;
  }
  return Buffer.concat([...parts, body.subarray(at)]);
}
