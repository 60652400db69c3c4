/** An element of a small XML document: its children, or its text. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** All of its own text, entities resolved, white space kept. */
  readonly text: string;
}

const maxDepth = 16;
/** XML 1.0, section 2.2. */
const notXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const namePattern = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const attributePattern = /[ \t\r\n]+([A-Za-z_][A-Za-z0-9_.:-]*)[ \t\r\n]*=[ \t\r\n]*(?:"[^"<&]*"|'[^'<&]*')/y;

/**
 * Reads a whole XML document strictly: UTF-8, one root, no document type, no processing instruction but the
 * declaration, no CDATA, no comments, no prefixed names, only `xmlns` attributes, at most 16 levels. Throws `SyntaxError` for
 * anything else: what two readers could understand differently is refused (a comment inside a text may end it).
 */
export function readXml(bytes: Uint8Array): XmlElement {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError("the XML is not UTF-8");
  }
  if (notXml.test(text)) throw new SyntaxError("the XML holds a character that XML has not");
  // XML 1.0, section 2.11: line ends are one line feed.
  const source = text.replace(/\r\n?/g, "\n");
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(`XML at character ${at}: ${what}`);
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const element = (depth: number): XmlElement => {
    if (depth > maxDepth) fail(`more than ${maxDepth} levels`);
    at++;
    const name = match(namePattern)?.[0] ?? fail("a name was expected");
    for (let attribute = match(attributePattern); attribute !== null; attribute = match(attributePattern)) {
      if (attribute[1] !== "xmlns") fail(`the attribute ${attribute[1]} is not expected`);
    }
    match(/[ \t\n]+/y);
    if (source.startsWith("/>", at)) {
      at += 2;
      return { name, children: [], text: "" };
    }
    if (source[at] !== ">") fail("a tag does not end");
    at++;
    const children: XmlElement[] = [];
    let content = "";
    for (;;) {
      const next = source.indexOf("<", at);
      if (next < 0) fail(`${name} does not end`);
      content += resolveEntities(source.slice(at, next), fail);
      at = next;
      if (source.startsWith("</", at)) {
        at += 2;
        if (match(namePattern)?.[0] !== name) fail(`${name} is closed by another name`);
        match(/[ \t\n]+/y);
        if (source[at] !== ">") fail("a tag does not end");
        at++;
        return { name, children, text: content };
      }
      if (source[at + 1] === "!" || source[at + 1] === "?") fail("markup that is not an element");
      children.push(element(depth + 1));
    }
  };

  const declaration = match(
    /<\?xml[ \t\n]+version="1\.0"(?:[ \t\n]+encoding="([A-Za-z0-9-]+)")?[ \t\n]*(?:standalone="(?:yes|no)"[ \t\n]*)?\?>/y,
  );
  if (declaration?.[1] !== undefined && declaration[1].toLowerCase() !== "utf-8") fail("the encoding is not UTF-8");
  match(/[ \t\n]+/y);
  if (source[at] !== "<" || !/[A-Za-z_]/.test(source[at + 1] ?? "")) fail("an element was expected");
  const root = element(1);
  match(/[ \t\n]+/y);
  if (at !== source.length) fail("something follows the root element");
  return root;
}

function resolveEntities(text: string, fail: (what: string) => never): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]*);?/g, (entity, name: string) => {
    const known = entity.endsWith(";") ? named.get(name) : undefined;
    if (known !== undefined) return known;
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(entity.endsWith(";") ? name : "");
    if (number === null) return fail(`the entity ${entity} is not known`);
    const code = number[1] === undefined ? Number.parseInt(number[2] as string, 10) : Number.parseInt(number[1], 16);
    const char = code > 0x10ffff ? "\0" : String.fromCodePoint(code);
    return notXml.test(char) ? fail(`the entity ${entity} is no character`) : char;
  });
}

const named: ReadonlyMap<string, string> = new Map(
  Object.entries({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }),
);
