/** Text as it may stand in an XML element: markup escaped, characters XML 1.0 forbids replaced. */
export function xmlText(text: string): string {
  return text.replace(SPECIAL, (char) => ESCAPES[char] ?? "\uFFFD");
}

// XML 1.0 section 2.2 leaves out most control characters, lone surrogates (with the `u` flag a pair is one character) and
// two noncharacters. A carriage return may stand, but would be read back as a line feed.
const SPECIAL = /[&<>"']|[^\t\n -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#13;",
};
