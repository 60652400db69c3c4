import { ResponseFault } from "./response-fault.ts";

/** The head of an answer, as Node gives it: names and values in turn, latin1, in the order of the wire. */
export interface ParsedHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly rawHeaders: string[];
  /** Whether the version is HTTP/1.1, and not 1.0. */
  readonly http11: boolean;
}

/** RFC 9112 section 4. The space before an empty reason may be missing: some servers leave it out. */
const statusLine = /HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n/y;
/** RFC 9110 section 5.1 and 5.5: no space before the colon, no folded lines (RFC 9112 section 5.2), no control characters. */
const fieldLine = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)\r\n/y;

/** Reads a whole head, from its status line to the line break of its last field. Throws `ResponseFault`. */
export function readResponseHead(text: string): ParsedHead {
  statusLine.lastIndex = 0;
  const status = statusLine.exec(text);
  if (status === null) throw new ResponseFault("its answer does not begin with a status line of HTTP/1.1");
  return {
    http11: status[1] === "1",
    statusCode: Number(status[2]),
    statusMessage: status[3] ?? "",
    rawHeaders: readFieldLines(text, statusLine.lastIndex),
  };
}

/** The field lines of a text from a place to its end: names and values in turn. Throws `ResponseFault`. */
export function readFieldLines(text: string, from: number): string[] {
  const fields: string[] = [];
  fieldLine.lastIndex = from;
  while (fieldLine.lastIndex < text.length) {
    const line = fieldLine.exec(text);
    if (line === null) throw new ResponseFault("its answer holds a header line that is malformed");
    fields.push(line[1] as string, withoutSpaceAround(line[2] as string));
  }
  return fields;
}

/**
 * A value without the spaces and tabs around it. By hand: a pattern would take the square of their number. A tab after it
 * throws `ResponseFault`: parsers differ on whether a length that has one is a number.
 */
function withoutSpaceAround(value: string): string {
  let [from, to] = [0, value.length];
  while (from < to && (value.charCodeAt(from) === SPACE || value.charCodeAt(from) === TAB)) from += 1;
  while (to > from && value.charCodeAt(to - 1) === SPACE) to -= 1;
  if (to > from && value.charCodeAt(to - 1) === TAB)
    throw new ResponseFault("a header line of its answer ends with a tab");
  return value.slice(from, to);
}

const SPACE = 0x20;
const TAB = 0x09;
