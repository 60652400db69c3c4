import { describe, expect, test } from "vitest";
import { readXml } from "../src/xml-reader.ts";

const read = (text: string) => readXml(Buffer.from(text, "utf8"));

test("elements, text and entities are read", () => {
  const root = read(
    '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="urn:x"><B> x&lt;&#38;&#x1F600; y</B><C/><D ></D ></A>\n',
  );
  expect(root.name).toBe("A");
  expect(root.children.map(({ name, text }) => [name, text])).toEqual([
    ["B", " x<&\u{1F600} y"],
    ["C", ""],
    ["D", ""],
  ]);
});

test("line ends are one line feed, but a referenced carriage return stays", () => {
  expect(read("<A>a\r\nb\rc&#13;</A>").text).toBe("a\nb\nc\r");
});

describe("what could be read in two ways is refused", () => {
  test.each([
    ["a document type", '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>'],
    ["an unknown entity", "<A>&x;</A>"],
    ["an entity of Object.prototype's", "<A>&constructor;</A>"],
    ["a bare ampersand", "<A>a & b</A>"],
    ["an ampersand at the end", "<A>a &lt</A>"],
    ["a reference to no character", "<A>&#0;</A>"],
    ["a reference to a character that Unicode has not", "<A>&#x110000;</A>"],
    ["a control character", "<A>a\u0006</A>"],
    ["a character that is none", "<A>a\uffff</A>"],
    ["two byte order marks", "\ufeff\ufeff<A/>"],
    ["a reference to a surrogate", "<A>&#xD800;</A>"],
    ["CDATA", "<A><![CDATA[x]]></A>"],
    ["a processing instruction", "<A><?x y?></A>"],
    ["another encoding", '<?xml version="1.0" encoding="UTF-16"?><A/>'],
    ["an attribute", '<A a="b"/>'],
    ["a prefixed name", "<x:A/>"],
    ["an unclosed element", "<A><B></A>"],
    ["an element without an end", "<A>x"],
    ["an element without a name", "<A><></A>"],
    ["an end that does not end", "<A>x</A x>"],
    ["two roots", "<A/><B/>"],
    ["text after the root", "<A/>x"],
    ["text before the root", "x<A/>"],
    ["nothing", ""],
    ["two byte order marks", "\ufeff\ufeff<A/>"],
    ["a comment in a text", "<A>x<!-- -->y</A>"],
    ["a comment before the root", "<!-- x --><A/>"],
    ["a comment after it", "<A/><!-- x -->"],
    ["too many levels", `${"<A>".repeat(17)}${"</A>".repeat(17)}`],
    ["a tag that does not end", "<A"],
  ])("%s", (_, text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });

  test("bytes that are not UTF-8", () => {
    expect(() => readXml(Uint8Array.of(0x3c, 0x41, 0x3e, 0xff, 0x3c, 0x2f, 0x41, 0x3e))).toThrow("not UTF-8");
  });
});

test("sixteen levels are read", () => {
  expect(read(`${"<A>".repeat(16)}${"</A>".repeat(16)}`).name).toBe("A");
});
