/** What the section's own comment remembers, so that removing it restores the file. */
export interface Note {
  readonly socket: string;
  readonly eol: "lf" | "crlf";
  /** Whether the text before the section ended with a line break of its own. */
  readonly endedWithLineBreak: boolean;
  readonly madeFile: boolean;
  readonly madeDirectory: boolean;
}

/** A section of the name asked for: its place in the text, and its note when we wrote it. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly note: Note | undefined;
}

const marker = "# written by iam-agent-proxy; removed when it stops";
const notePrefix = "# iam-agent-proxy: ";

/** The two comments a section of ours begins with. */
export function noteLines(note: Note): readonly string[] {
  return [marker, `${notePrefix}${JSON.stringify(note)}`];
}

/** The sections of a profile in the text of a configuration file, in its order. */
export function findSections(text: string, name: string): readonly Section[] {
  const sections: Section[] = [];
  const lines = splitLines(text);
  let offset = 0;
  let open: { start: number; end: number; lines: string[] } | undefined;
  const close = (): void => {
    if (open !== undefined) sections.push({ start: open.start, end: open.end, note: noteOf(open.lines) });
    open = undefined;
  };
  for (const line of lines) {
    const header = headerOf(line);
    if (header !== undefined) {
      close();
      if (header === name) open = { start: offset, end: offset + line.length, lines: [] };
    } else if (open !== undefined) {
      open.lines.push(line.trimEnd());
      // The section ends with its last setting: blank lines and comments after it belong to what follows. But our
      // own two comments are the section's, even when somebody took every setting out.
      const ours = open.lines.length <= 2 && noteOf(open.lines.slice(0, 2)) !== undefined;
      if (ours || !/^\s*([#;]|$)/.test(line)) open.end = offset + line.length;
    }
    offset += line.length;
  }
  close();
  return sections;
}

function noteOf([first, second]: readonly string[]): Note | undefined {
  if (first !== marker || second === undefined || !second.startsWith(notePrefix)) return undefined;
  try {
    const text = Buffer.from(second.slice(notePrefix.length), "latin1").toString("utf8");
    const { socket, eol, endedWithLineBreak, madeFile, madeDirectory } = JSON.parse(text) as Partial<Note>;
    if (typeof socket !== "string") return undefined;
    return {
      socket,
      eol: eol === "crlf" ? "crlf" : "lf",
      endedWithLineBreak: endedWithLineBreak !== false,
      madeFile: madeFile === true,
      madeDirectory: madeDirectory === true,
    };
  } catch {
    return undefined;
  }
}

/** The text without a section of ours, and without the line breaks that were put before it. */
export function without(text: string, { start, end, note }: Section): string {
  const eol = note?.eol === "crlf" ? "\r\n" : "\n";
  const after = text.slice(end);
  let before = text.slice(0, start);
  if (before.endsWith(`\n${eol}`)) before = before.slice(0, -eol.length);
  if (note?.endedWithLineBreak === false && after === "" && before.endsWith(eol)) before = before.slice(0, -eol.length);
  return before + after;
}

/** The profile a section header names: `[profile a]`, `[profile "a"]`, `[default]`; `""` for other sections. */
export function headerOf(line: string): string | undefined {
  const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim();
  if (header === undefined) return undefined;
  if (header === "default") return header;
  const name = /^profile\s+(.+)$/.exec(header)?.[1] ?? "";
  return /^(["'])(.*)\1$/.exec(name)?.[2] ?? name;
}

/** The lines with their line feeds; nothing is lost. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
