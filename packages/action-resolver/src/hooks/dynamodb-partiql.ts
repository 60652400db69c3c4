import type { CheckHook } from "./hook.ts";
import { resource, textsOf } from "./resource.ts";

const actions: Readonly<Record<string, string>> = {
  SELECT: "PartiQLSelect",
  INSERT: "PartiQLInsert",
  UPDATE: "PartiQLUpdate",
  DELETE: "PartiQLDelete",
  EXISTS: "PartiQLSelect",
};

/**
 * What PartiQL statements do to which table or index (DynamoDB Developer Guide, "IAM security policies with PartiQL"). Only the verb and
 * the name behind it are read; what cannot be read may do anything.
 */
export const dynamodbPartiql: CheckHook = (members, call) => {
  const statements = textsOf(members, "statement");
  if (statements.length === 0) return anything(call.partition, "there is no PartiQL statement");
  return statements.flatMap((statement) => {
    const read = readStatement(statement);
    if (typeof read === "string") return anything(call.partition, read);
    const { verb, table, index } = read;
    const below = index === undefined ? "" : `/index/${index}`;
    return [
      {
        action: `dynamodb:${actions[verb]}`,
        resource: table.startsWith("arn:")
          ? { arn: `${table}${below}` }
          : resource(call, "dynamodb", `table/${table}${below}`),
      },
    ];
  });
};

/** What cannot be read may do anything to any table. */
function anything(partition: string, why: string): ReturnType<CheckHook> {
  const all = new Set(Object.values(actions));
  return [...all].map((action) => ({
    action: `dynamodb:${action}`,
    resource: { pattern: `arn:${partition}:dynamodb:*:*:table/*`, why },
  }));
}

const name = '(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$-]*))';
const target = new RegExp(String.raw`^${name}(?:\s*\.\s*${name})?(?=[\s;,)]|$)`);

/** What may stand behind the table: a second table may not. */
const alias = String.raw`(?:\s+(?:AS\s+)?(?!(?:WHERE|ORDER|SET|REMOVE)\b)[A-Za-z_]\w*)?`;
/** Blanks are taken by one part alone: by two, thousands of them would be tried in every way to divide them. */
const follows: Readonly<Record<string, RegExp>> = {
  SELECT: new RegExp(String.raw`^${alias}\s*(?:;\s*$|$|(?:WHERE|ORDER)\b)`, "i"),
  INSERT: /^\s+VALUE\b/i,
  UPDATE: /^\s+(?:SET|REMOVE)\b/i,
  DELETE: /^\s*(?:;\s*$|$|WHERE\b)/i,
};

interface Statement {
  readonly verb: string;
  readonly table: string;
  readonly index?: string | undefined;
}

/** A string says why the statement cannot be read. */
function readStatement(statement: string): Statement | string {
  // Behind a backtick begins an Ion literal, where quotes are other ones.
  if (/--|\/\*|`|;\s*\S/.test(statement.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, "''")))
    return "a PartiQL statement holds a comment, an Ion literal or a second statement";
  const [, verb = ""] = /^\s*([A-Za-z]+)\b/.exec(statement) ?? [];
  const upper = verb.toUpperCase();
  const rest = statement.trimStart().slice(verb.length);
  switch (upper) {
    case "INSERT":
      return withTable(upper, rest, /^\s+INTO\s+/i);
    case "UPDATE":
      return withTable(upper, rest, /^\s+/);
    case "DELETE":
      return withTable(upper, rest, /^\s+FROM\s+/i);
    case "EXISTS": {
      const inner = readStatement(/^\s*\(\s*(SELECT\b[\s\S]*)\)\s*$/i.exec(rest)?.[1] ?? "");
      return typeof inner === "string" ? inner : { ...inner, verb: upper };
    }
    case "SELECT": {
      // The FROM outside of texts and quoted names: a statement has one.
      const parts = [...rest.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\bFROM\b/gi)];
      const [from, ...more] = parts.filter(([text]) => /^from$/i.test(text));
      if (from === undefined || more.length > 0) return "a PartiQL SELECT has not one FROM";
      return withTable(upper, rest.slice(from.index), /^FROM\s+/i);
    }
    default:
      return "a PartiQL statement begins with no known verb";
  }
}

function withTable(verb: string, text: string, lead: RegExp): Statement | string {
  const start = lead.exec(text)?.[0];
  const found = start === undefined ? null : target.exec(text.slice(start.length));
  if (start === undefined || found === null) return "a PartiQL statement does not name its table in a known form";
  if (!follows[verb]?.test(text.slice(start.length + found[0].length)))
    return "what follows the table of a PartiQL statement is of no known form";
  const unquoted = (quoted: string | undefined, plain: string | undefined): string | undefined =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"');
  return { verb, table: unquoted(found[1], found[2]) as string, index: unquoted(found[3], found[4]) };
}
