import assert from "node:assert/strict";
import {
  findSections,
  headerOf,
  type Note,
  noteLines,
  splitLines,
  without,
} from "../../src/aws-config/profile-section.ts";

export const seeds: readonly Uint8Array[] = [
  "# mine\n[default]\nregion = eu-west-1\n\n[profile iam-agent-proxy-not]\ns3 =\n  a = b\n",
  '[profile "a b"]\r\nregion=x\r\n; c\r\n',
  "[sso-session corp]\nsso_start_url = https://x",
  "",
].map((text) => Buffer.from(text, "latin1"));

const note: Note = { socket: "/s", eol: "lf", endedWithLineBreak: true, madeFile: false, madeDirectory: false };
const name = "iam-agent-proxy";

/** Whatever a file holds, putting a section at its end and taking it out again gives it back, to the byte. */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  assert.equal(splitLines(text).join(""), text);
  const before = findSections(text, name);
  for (const { start, end } of before) assert.equal(headerOf(text.slice(start, end)), name);
  const eol = /\r?\n/.exec(text)?.[0] === "\r\n" ? "\r\n" : "\n";
  const mine: Note = {
    ...note,
    eol: eol === "\n" ? "lf" : "crlf",
    endedWithLineBreak: text === "" || text.endsWith("\n"),
  };
  const section = [`[profile ${name}]`, ...noteLines(mine), "region = x"].map((line) => line + eol).join("");
  const lineBreaks = (mine.endedWithLineBreak ? "" : eol) + (text === "" ? "" : eol);
  const edited = text + lineBreaks + section;
  const found = findSections(edited, name);
  assert.equal(found.length, before.length + 1);
  const added = found.at(-1);
  assert.deepEqual(added?.note, mine);
  assert.equal(without(edited, added as NonNullable<typeof added>), text);
}
