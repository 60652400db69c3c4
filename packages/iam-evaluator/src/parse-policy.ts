import type { PolicyType } from "@iap/aws-core";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding, LocatedText, Place, Report } from "./finding.ts";
import { type ParsedCondition, readCondition } from "./parse-condition.ts";
import { type ParsedPrincipal, readPrincipal } from "./parse-principal.ts";
import type { Effect, PolicyDocument, PolicyVersion } from "./policy-document.ts";
import type { Reader } from "./reader.ts";
import { type JsonMember, type JsonNode, parseStrictJson, positionsIn, StrictJsonError } from "./strict-json.ts";
import { checkAction } from "./validate-action.ts";
import { checkCondition, checkVariables } from "./validate-condition.ts";
import { checkPrincipal } from "./validate-principal.ts";
import { checkResource } from "./validate-resource.ts";

/** A policy document in one fixed form: lists are lists, and what may be left out is filled in. */
export interface ParsedPolicy {
  /** `2008-10-17` when the document names none. */
  readonly version: PolicyVersion;
  readonly id?: string | undefined;
  readonly statements: readonly ParsedStatement[];
}

export interface ParsedStatement {
  /** Absent also when it is empty. */
  readonly sid?: string | undefined;
  readonly effect: Effect;
  readonly actions: Patterns;
  /** A resource policy may leave `Resource` out. */
  readonly resources: Patterns | undefined;
  /** All must hold. */
  readonly conditions: readonly ParsedCondition[];
  /** In policies that have one. */
  readonly principal?: ParsedPrincipal | undefined;
  /** Where it begins. */
  readonly place: Place;
}

/** An element that lists patterns. */
export interface Patterns {
  /** True for `NotAction` and `NotResource`. */
  readonly inverted: boolean;
  readonly values: readonly LocatedText[];
}

/**
 * What was read. `policy` is absent when the document has not the form of a policy. A policy of which a finding is an
 * `ERROR` is one that AWS would refuse.
 */
export interface PolicyReading {
  readonly policy: ParsedPolicy | undefined;
  readonly findings: readonly Finding[];
}

/** Longer documents are not read: a wrong file was named. AWS's largest managed policies have some 150,000 characters. */
const MOST_DOCUMENT_CHARACTERS = 64 * 1024 * 1024;

/**
 * Reads a policy document strictly, by the grammar of the IAM JSON policy language: unknown or doubled elements, wrong
 * types and misspelt effects are errors, never skipped. Every error is found, but for those of JSON itself, where the
 * first ends the reading. A document given as an object is read as the JSON it serialises to.
 */
export function parsePolicy(document: string | PolicyDocument, type: PolicyType = "identity"): PolicyReading {
  const findings: Finding[] = [];
  const isText = typeof document === "string";
  let text: string;
  let root: JsonNode;
  try {
    text = isText ? document : serialise(document);
    if (text.length > MOST_DOCUMENT_CHARACTERS) {
      const message = `The document has ${text.length} characters; at most ${MOST_DOCUMENT_CHARACTERS} are read.`;
      const fix = "Name the file of a policy.";
      return { policy: undefined, findings: [{ level: "ERROR", code: "TOO_LARGE", path: "", message, fix }] };
    }
    root = parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    const { code, message, offset } = error;
    const position = isText ? positionsIn(document)(offset) : {};
    return {
      policy: undefined,
      findings: [{ level: "ERROR", code, path: "", ...JSON_PROBLEMS[code](message), ...position }],
    };
  }

  const positionAt = isText ? positionsIn(text) : () => ({});
  const place = (path: string, offset: number): Place => ({ path, ...positionAt(offset) });
  const report: Report = (level, code, at, message, fix) => findings.push({ level, code, message, fix, ...at });
  let isReadable = true;
  const unreadable: Reader["unreadable"] = (code, at, message, fix) => {
    isReadable = false;
    report("ERROR", code, at, message, fix);
  };
  const reader: Reader = { root, type, place, report, unreadable };
  if (root.offset > 0) {
    report(
      "WARNING",
      "LEADING_SPACE",
      place("", 0),
      "There is white space before the document, which IAM refuses.",
      "Remove it.",
    );
  }
  if (MAY_HOLD_OTHER_CHARACTERS.test(text)) checkCharacters(reader, root, "");
  const policy = readDocument(reader);
  return { policy: isReadable ? policy : undefined, findings };
}

const JSON_PROBLEMS = {
  INVALID_JSON: (detail: string) => ({ message: `This is not JSON. ${detail}`, fix: "Correct the syntax." }),
  DUPLICATE_KEY: (detail: string) => ({ message: detail, fix: "Keep one of the two." }),
  TOO_DEEP: (detail: string) => ({ message: detail, fix: "A policy needs no more than 8." }),
} as const;

function serialise(document: PolicyDocument): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(document);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new StrictJsonError("INVALID_JSON", `It cannot be written as JSON: ${error.message}`, 0);
  }
  if (text === undefined) throw new StrictJsonError("INVALID_JSON", "It cannot be written as JSON.", 0);
  return text;
}

function readDocument(reader: Reader): ParsedPolicy | undefined {
  const { root, place, report, unreadable } = reader;
  const at = place("", root.offset);
  if (root.kind !== "object") {
    unreadable("INVALID_DOCUMENT", at, "A policy document must be a JSON object.", DOCUMENT_FORM);
    return undefined;
  }
  let version: PolicyVersion | undefined;
  let versionAt: Place | undefined;
  let id: string | undefined;
  let statementNode: JsonNode | undefined;
  for (const { key, offset, value } of root.members) {
    const here = place(key, value.offset);
    switch (key) {
      case "Version":
        if (value.kind === "string" && (value.value === "2012-10-17" || value.value === "2008-10-17")) {
          version = value.value;
          versionAt = here;
        } else {
          unreadable("INVALID_VERSION", here, "Version must be a policy language version.", 'Write "2012-10-17".');
          version = "2008-10-17";
        }
        break;
      case "Id":
        if (value.kind === "string") id = value.value;
        else unreadable("INVALID_ID", here, "Id must be a string.", "Write it in double quotes.");
        break;
      case "Statement":
        statementNode = value;
        break;
      default:
        unreadable(
          "UNKNOWN_ELEMENT",
          place(key, offset),
          `${JSON.stringify(key)} is not an element of a policy document.`,
          suggested(key, DOCUMENT_ELEMENTS, "A document has"),
        );
    }
  }
  if (version === undefined) {
    report(
      "WARNING",
      "MISSING_VERSION",
      at,
      `The document has no Version, so it is read as "2008-10-17", where "\${...}" is plain text.`,
      'Add "Version": "2012-10-17".',
    );
  } else if (version === "2008-10-17" && versionAt !== undefined) {
    report(
      "WARNING",
      "OLD_VERSION",
      versionAt,
      `In the policy language of 2008-10-17 "\${...}" is plain text.`,
      'Write "2012-10-17".',
    );
  }
  const statements = readStatements(reader, statementNode, version === "2012-10-17");
  return { version: version ?? "2008-10-17", ...(id === undefined ? {} : { id }), statements };
}

function readStatements(reader: Reader, node: JsonNode | undefined, variables: boolean): ParsedStatement[] {
  const { root, place, unreadable } = reader;
  if (node === undefined) {
    unreadable("MISSING_STATEMENT", place("", root.offset), "The document has no Statement.", DOCUMENT_FORM);
    return [];
  }
  const listed: readonly (readonly [JsonNode, string])[] =
    node.kind === "array" ? node.items.map((item, i) => [item, `Statement[${i}]`]) : [[node, "Statement"]];
  if (listed.length === 0) {
    unreadable("MISSING_STATEMENT", place("Statement", node.offset), "Statement lists no statement.", STATEMENT_FORM);
  }

  const sids = new Set<string>();
  const statements: ParsedStatement[] = [];
  for (const [item, path] of listed) {
    const statement = readStatement(reader, item, path, sids, variables);
    if (statement !== undefined) statements.push(statement);
  }
  return statements;
}

function readStatement(
  reader: Reader,
  node: JsonNode,
  path: string,
  sids: Set<string>,
  variables: boolean,
): ParsedStatement | undefined {
  const { type, place, report, unreadable } = reader;
  const at = place(path, node.offset);
  if (node.kind !== "object") {
    unreadable("INVALID_STATEMENT", at, "A statement must be an object.", STATEMENT_FORM);
    return undefined;
  }

  const members = new Map(node.members.map((member) => [member.key, member]));
  for (const { key, offset } of node.members) {
    if (!STATEMENT_ELEMENTS.has(key)) {
      unreadable(
        "UNKNOWN_ELEMENT",
        place(`${path}.${key}`, offset),
        `${JSON.stringify(key)} is not an element of a statement.`,
        suggested(key, STATEMENT_ELEMENTS, "A statement has"),
      );
    }
  }

  const sid = readSid(reader, members.get("Sid"), path, sids);
  const effect = readEffect(reader, members.get("Effect"), path, at);
  const actions = readPatterns(reader, members, path, at, "Action");
  const resources = readPatterns(reader, members, path, at, "Resource");
  for (const { text, place } of actions?.values ?? []) checkAction(text, place, report);
  for (const resource of resources?.values ?? []) {
    checkResource(resource.text, resource.place, report);
    checkVariables(resource, variables, report);
  }

  const condition = members.get("Condition");
  const conditions = condition === undefined ? [] : readCondition(reader, condition.value, `${path}.Condition`);
  for (const one of conditions) checkCondition(one, variables, report);
  const principal = readPrincipalElement(reader, members, path, at);
  if (principal !== undefined && effect !== undefined) checkPrincipal(principal, effect, type, report);

  if (effect === undefined || actions === undefined) return undefined;
  const statement = { ...(sid === undefined ? {} : { sid }), effect, actions, resources, conditions, place: at };
  return principal === undefined ? statement : { ...statement, principal };
}

function readPrincipalElement(
  reader: Reader,
  members: ReadonlyMap<string, JsonMember>,
  path: string,
  at: Place,
): ParsedPrincipal | undefined {
  const { type, place, report, unreadable } = reader;
  const plain = members.get("Principal");
  const not = members.get("NotPrincipal");
  const member = plain ?? not;
  if (plain !== undefined && not !== undefined) {
    const here = place(`${path}.NotPrincipal`, not.offset);
    unreadable("CONFLICTING_ELEMENTS", here, "Principal and NotPrincipal cannot stand together.", "Keep one of them.");
    return undefined;
  }
  if (!TYPES_WITH_PRINCIPAL.has(type)) {
    if (member !== undefined) {
      const here = place(`${path}.${member.key}`, member.offset);
      unreadable("PRINCIPAL_NOT_ALLOWED", here, `${member.key} belongs in resource-based policies only.`, "Remove it.");
    }
    return undefined;
  }
  if (member !== undefined) return readPrincipal(reader, member, path);
  const message = "The statement has neither Principal nor NotPrincipal.";
  if (type === "resource") unreadable("MISSING_PRINCIPAL", at, message, 'Say for whom it is: "Principal": ...');
  else report("WARNING", "MISSING_PRINCIPAL", at, `${message} It is read as for everybody.`, 'Write "Principal": "*".');
  return undefined;
}

const DOCUMENT_FORM = 'Write {"Version": "2012-10-17", "Statement": [...]}.';
const STATEMENT_FORM = 'Write {"Effect": "Allow", "Action": ..., "Resource": ...}.';

const DOCUMENT_ELEMENTS: ReadonlySet<string> = new Set(["Version", "Id", "Statement"]);
const STATEMENT_ELEMENTS: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
  "Principal",
  "NotPrincipal",
]);

const TYPES_WITH_PRINCIPAL: ReadonlySet<PolicyType> = new Set(["resource", "rcp", "vpcEndpoint"]);

function readSid(
  { place, report, unreadable }: Reader,
  member: JsonMember | undefined,
  path: string,
  sids: Set<string>,
): string | undefined {
  if (member === undefined) return undefined;
  const at = place(`${path}.Sid`, member.value.offset);
  if (member.value.kind !== "string") {
    unreadable("INVALID_SID", at, "Sid must be a string.", "Write it in double quotes, or leave it out.");
    return undefined;
  }
  const sid = member.value.value;
  if (sid === "") return undefined;
  if (!/^[A-Za-z0-9]+$/.test(sid)) {
    // IAM lets an underscore pass, against its own grammar.
    const level = /^\w+$/.test(sid) ? "WARNING" : "ERROR";
    report(
      level,
      "INVALID_SID",
      at,
      `The Sid ${JSON.stringify(sid)} may hold only A-Z, a-z and 0-9.`,
      suggestedSid(sid),
    );
  }
  if (sids.has(sid)) {
    report("ERROR", "DUPLICATE_SID", at, `The Sid ${JSON.stringify(sid)} names two statements.`, "Make it unique.");
  }
  sids.add(sid);
  return sid;
}

function readEffect(
  { place, unreadable }: Reader,
  member: JsonMember | undefined,
  path: string,
  at: Place,
): Effect | undefined {
  if (member === undefined) {
    unreadable("MISSING_EFFECT", at, "The statement has no Effect.", 'Add "Effect": "Allow" or "Effect": "Deny".');
    return undefined;
  }
  const { value } = member;
  if (value.kind === "string" && (value.value === "Allow" || value.value === "Deny")) return value.value;
  const here = place(`${path}.Effect`, value.offset);
  unreadable("INVALID_EFFECT", here, "Effect must be Allow or Deny.", 'Write "Allow" or "Deny", spelt so.');
  return undefined;
}

function readPatterns(
  reader: Reader,
  members: ReadonlyMap<string, JsonMember>,
  path: string,
  at: Place,
  name: "Action" | "Resource",
): Patterns | undefined {
  const { type, place, report, unreadable } = reader;
  const plain = members.get(name);
  const not = members.get(`Not${name}`);
  if (plain !== undefined && not !== undefined) {
    const here = place(`${path}.Not${name}`, not.offset);
    unreadable("CONFLICTING_ELEMENTS", here, `${name} and Not${name} cannot stand together.`, "Keep one of them.");
    return undefined;
  }
  const member = plain ?? not;
  if (member === undefined) {
    if (name === "Resource" && type === "resource") return undefined;
    unreadable(
      `MISSING_${name.toUpperCase()}`,
      at,
      `The statement has neither ${name} nor Not${name}.`,
      patternFix(name),
    );
    return undefined;
  }

  const element = `${path}.${member.key}`;
  const { value } = member;
  const listed: readonly (readonly [JsonNode, string])[] =
    value.kind === "array" ? value.items.map((item, i) => [item, `${element}[${i}]`]) : [[value, element]];
  if (listed.length === 0) {
    unreadable(
      `MISSING_${name.toUpperCase()}`,
      place(element, value.offset),
      `${member.key} is empty.`,
      patternFix(name),
    );
  }
  const values: LocatedText[] = [];
  for (const [item, itemPath] of listed) {
    const here = place(itemPath, item.offset);
    if (item.kind === "string") values.push({ text: item.value, place: here });
    else if (item.kind === "null" && value.kind === "array" && member.key === "Resource") {
      // In NotResource it would except nothing, and so be about everything.
      report("WARNING", "NULL_RESOURCE", here, "Resource lists null, which names nothing.", "Remove it.");
    } else
      unreadable(
        `INVALID_${name.toUpperCase()}`,
        here,
        `${member.key} must be a string or a list of strings.`,
        patternFix(name),
      );
  }
  return { inverted: member === not, values };
}

function suggested(key: string, elements: ReadonlySet<string>, start: string): string {
  const near = didYouMean(key, elements);
  return near === undefined ? `${start} ${[...elements].join(", ")}, spelt so.` : `Did you mean "${near}"?`;
}

function patternFix(name: "Action" | "Resource"): string {
  return name === "Action" ? 'Write "Action": "service:Action".' : 'Write "Resource": an ARN, or "*".';
}

function suggestedSid(sid: string): string {
  const plain = sid.replace(/[^A-Za-z0-9]/g, "");
  return plain === "" ? "Leave it out." : `Write ${JSON.stringify(plain)}.`;
}

/** Few documents have other characters or escapes that may stand for them, and only these are searched string by string. */
const MAY_HOLD_OTHER_CHARACTERS = /[^\t\n\r\u0020-\u00ff]|\\[ubf]/;

/** AWS takes tab, line feed, carriage return and U+0020 to U+00FF (IAM User Guide, "IAM and AWS STS quotas"). */
function checkCharacters(reader: Reader, node: JsonNode, path: string): void {
  switch (node.kind) {
    case "object":
      for (const { key, offset, value } of node.members) {
        const inner = path === "" ? key : `${path}.${key}`;
        checkText(reader, key, inner, offset);
        checkCharacters(reader, value, inner);
      }
      break;
    case "array":
      node.items.forEach((item, i) => {
        checkCharacters(reader, item, `${path}[${i}]`);
      });
      break;
    case "string":
      checkText(reader, node.value, path, node.offset);
      break;
  }
}

function checkText({ place, report }: Reader, text: string, path: string, offset: number): void {
  const found = /[^\t\n\r\u0020-\u00ff]/u.exec(text)?.[0];
  if (found === undefined) return;
  const name = `U+${(found.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
  report(
    "ERROR",
    "INVALID_CHARACTER",
    place(path, offset),
    `The character ${name} cannot stand in a policy: AWS takes tab, line breaks and U+0020 to U+00FF.`,
    'In a resource, "?" stands for any one character.',
  );
}
