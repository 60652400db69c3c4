import { jsonText } from "./json-text.ts";

/**
 * A text of JSON with values added: at the end of the list at `path`, which has something in it, or behind the one value
 * there, which with them becomes a list. No character that was there is changed or goes; what is added is written as what
 * stands before it is, on lines of its own or not, in the text's own indentation and line breaks.
 */
export function appendJson(text: string, path: readonly (string | number)[], values: readonly unknown[]): string {
  const whole = spanAt(text, path);
  const isList = text[whole.start] === "[";
  const [last, before] = isList ? partsOf(text, whole.start).reverse() : [whole];
  const { start, end } = last as Span;
  const isOnLines = text.trimEnd().includes("\n");
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n";
  const unit = /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  const indent = indentAt(text, start);

  let [open, gap, close] = ["", isOnLines ? ", " : ",", ""];
  if (isList) {
    const blank = text.slice(whole.start + 1, start);
    if (before !== undefined) gap = text.slice(before.end, start);
    else if (blank !== "") gap = `,${blank}`;
  } else if (isOnLines && text[start] !== "{") {
    [open, gap, close] = [`[${lineBreak}${indent}${unit}`, `,${lineBreak}${indent}${unit}`, `${lineBreak}${indent}]`];
  } else {
    [open, close] = ["[", "]"];
  }
  const isLong = text.slice(start, end).includes("\n");
  const added = values.map((value) =>
    isLong ? jsonText(value, unit).replaceAll("\n", `${lineBreak}${indent}`) : jsonText(value),
  );
  return [text.slice(0, start), open, [text.slice(start, end), ...added].join(gap), close, text.slice(end)].join("");
}

/** Where something stands in a text: its first character, and the one behind its last. */
interface Span {
  readonly start: number;
  readonly end: number;
}

function spanAt(text: string, path: readonly (string | number)[]): Span {
  let start = next(text, 0);
  for (const step of path) {
    // `as`: there is something at the path.
    start = (partsOf(text, start).find(({ key }) => key === step) as Span).start;
  }
  return { start, end: endOf(text, start) };
}

/** The members of the object, or the items of the list, that begins here. */
function partsOf(text: string, start: number): (Span & { readonly key: string | number })[] {
  const parts: (Span & { readonly key: string | number })[] = [];
  for (let at = next(text, start + 1); !"]}".includes(text[at] as string); ) {
    let key: string | number = parts.length;
    if (text[start] === "{") {
      const keyEnd = endOf(text, at);
      key = JSON.parse(text.slice(at, keyEnd)) as string;
      at = next(text, keyEnd);
    }
    const end = endOf(text, at);
    parts.push({ key, start: at, end });
    at = next(text, end);
  }
  return parts;
}

/** Behind the value that begins here. (A string ends with its quote, whatever is in it.) */
function endOf(text: string, start: number): number {
  let depth = 0;
  TOKEN.lastIndex = start;
  do {
    const [token] = TOKEN.exec(text) as RegExpExecArray;
    if (/[[{]$/.test(token)) depth++;
    else if (/[\]}]$/.test(token)) depth--;
  } while (depth > 0);
  return TOKEN.lastIndex;
}

/** The next character that is not between values. */
function next(text: string, at: number): number {
  BETWEEN.lastIndex = at;
  BETWEEN.exec(text);
  return BETWEEN.lastIndex;
}

const BETWEEN = /[\s,:]*/y;
const TOKEN = /[\s,:]*(?:"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]|[^\s,:{}[\]"]+)/y;

/** The blanks with which the line of this character begins. */
function indentAt(text: string, at: number): string {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, at))?.[0] ?? "";
}
