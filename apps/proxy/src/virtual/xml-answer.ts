import { isUtf8 } from "node:buffer";
import { type AnswerNode, maxDepth, UnreadableAnswer } from "./answer-tree.ts";

/**
 * Reads an XML body (XML 1.0, UTF-8), as AWS's query and rest-xml services write it: elements, attributes, text,
 * comments and CDATA sections. A document type is refused, and so is text beside elements. An element without children is
 * a value. What the root is called is of no account.
 */
export function readXmlAnswer(bytes: Buffer): AnswerNode {
  if (!isUtf8(bytes)) throw new UnreadableAnswer("the XML is no UTF-8");
  // One character for each byte, so that places in it are places in the bytes.
  const source = bytes.toString("latin1");
  let at = source.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0;

  function unreadable(what: string): never {
    throw new UnreadableAnswer(`${what} at byte ${at} of the XML`);
  }
  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  }
  function skip(open: string, close: string): boolean {
    if (!source.startsWith(open, at)) return false;
    const end = source.indexOf(close, at + open.length);
    if (end < 0) unreadable(`no ${close}`);
    at = end + close.length;
    return true;
  }
  function misc(): void {
    do take(/\s*/y);
    while (skip("<!--", "-->") || skip("<?", "?>"));
  }
  function element(depth: number): readonly [name: string, value: AnswerNode] {
    if (depth > maxDepth) unreadable("too deep a nesting");
    const open = take(/<([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y);
    const name = open?.[1];
    if (name === undefined) return unreadable("no element");
    const start = at;
    if (open?.[3] === "/") return [name, { kind: "value", value: "", start, end: start }];
    const members: (readonly [string, AnswerNode])[] = [];
    let text = "";
    for (;;) {
      const end = at;
      if (take(/<\/([A-Za-z_][\w.-]*)\s*>/y)?.[1] === name) {
        if (members.length === 0) {
          return [name, { kind: "value", value: Buffer.from(text, "latin1").toString("utf8"), start, end }];
        }
        if (text.trim() !== "") unreadable("text beside elements");
        return [name, { kind: "map", members }];
      }
      if (at !== end) unreadable(`no </${name}>`);
      if (skip("<!--", "-->")) continue;
      if (skip("<![CDATA[", "]]>")) text += source.slice(end + 9, at - 3);
      else if (source[at] === "<") members.push(element(depth + 1));
      else {
        const run = take(/[^<]+/y)?.[0];
        if (run === undefined) unreadable(`no </${name}>`);
        text += dereference(run);
      }
    }
  }
  function dereference(run: string): string {
    return run.replace(/&([^;]{0,12}(?:;|$))?/g, (_whole, reference = "") => {
      const name = reference.slice(0, -1);
      const code = /^#x([0-9a-f]{1,6})$/i.exec(name)?.[1] ?? /^#(\d{1,7})$/.exec(name)?.[1];
      if (reference.endsWith(";") && Object.hasOwn(entities, name)) return entities[name] as string;
      const number = code === undefined ? Number.NaN : Number.parseInt(code, name[1] === "x" ? 16 : 10);
      if (!reference.endsWith(";") || Number.isNaN(number) || number > 0x10ffff) unreadable("an unknown reference");
      return Buffer.from(String.fromCodePoint(number)).toString("latin1");
    });
  }

  misc();
  if (source.startsWith("<!", at)) unreadable("a document type");
  const [, root] = element(0);
  misc();
  if (at !== source.length) unreadable("more than one element");
  return root;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
