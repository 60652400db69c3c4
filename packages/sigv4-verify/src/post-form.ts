import { AwsError, headerValues, type RequestHead } from "@iap/aws-core";

/** A field of a form, before the file. */
export interface PostField {
  /** As it stands; S3 takes no notice of its case. */
  readonly name: string;
  /** Decoded from UTF-8. */
  readonly value: string;
  /** The part as it stands, from its delimiter to the end of its value. */
  readonly raw: Uint8Array;
}

/** The beginning of an S3 POST form (multipart/form-data), up to the file's first byte. */
export interface PostForm {
  readonly boundary: string;
  readonly fields: readonly PostField[];
  /** The file's part up to its first byte. */
  readonly fileHead: Uint8Array;
  /** What the file is called, if it says so in one way. */
  readonly filename: string | undefined;
  /** How many bytes all of this takes. */
  readonly length: number;
}

/** How much of a form may stand before its file, in bytes; S3 itself takes 20,000. */
export const MAX_POST_FIELDS_BYTES: number = 64 << 10;

/** Whether a request is an S3 POST form: signed, if at all, in fields of its body. */
export function isPostForm(head: RequestHead): boolean {
  if (head.method !== "POST" || !isS3Host(head.host)) return false;
  const [contentType] = headerValues(head.headers, "content-type");
  return contentType?.trimStart().slice(0, 19).toLowerCase() === "multipart/form-data";
}

function isS3Host(host: string): boolean {
  return host.split(".").some((label) => label === "s3" || label.startsWith("s3-"));
}

/**
 * Reads the fields of a form, in which the file is last. Undefined while bytes are missing. Throws `InvalidRequest` for
 * what is not such a form, or could be read in two ways: a field twice, lines that do not end with CR LF, no file.
 */
export function readPostForm(head: RequestHead, bytes: Uint8Array): PostForm | undefined {
  return postFormReader(head)(bytes);
}

/**
 * `readPostForm` for a body that comes in pieces: it is given all that is here each time, and goes on from where it
 * stopped, so that a form of many small pieces is read once.
 */
export function postFormReader(head: RequestHead): (bytes: Uint8Array) => PostForm | undefined {
  const boundary = boundaryOf(head);
  const first = Buffer.from(`--${boundary}\r\n`, "latin1");
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  /** The fields by lower-case name, and where they stand. */
  const found = new Map<
    string,
    { readonly name: string; readonly value: string; readonly from: number; readonly to: number }
  >();
  let start = 0;
  let at = 0;
  return (bytes) => {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_POST_FIELDS_BYTES));
    const missing = (): undefined => {
      if (bytes.length < MAX_POST_FIELDS_BYTES) return undefined;
      throw wrong(`more than ${MAX_POST_FIELDS_BYTES} bytes stand before its file`);
    };
    if (at === 0) {
      if (body.length < first.length) return missing();
      if (!body.subarray(0, first.length).equals(first)) throw wrong("it does not begin with its boundary");
      at = first.length;
    }
    for (;;) {
      const headersEnd = body.indexOf("\r\n\r\n", at, "latin1");
      if (headersEnd < 0) return missing();
      // Another reader would begin a part there.
      if (body.subarray(at - 2, headersEnd).includes(delimiter))
        throw wrong("its boundary stands in the head of a part");
      const { name, filename } = partHead(body.toString("latin1", at, headersEnd));
      const valueAt = headersEnd + 4;
      if (found.has(name.toLowerCase())) throw wrong(`the field "${name}" is repeated`);
      if (name.toLowerCase() === "file") {
        const fields = [...found.values()].map(({ from, to, ...field }) => ({
          ...field,
          raw: body.subarray(from, to),
        }));
        return { boundary, fields, fileHead: body.subarray(start, valueAt), filename, length: valueAt };
      }
      // The line's end before a value may be the delimiter's, too: RFC 2046, section 5.1.1, has parts without a body.
      const valueEnd = body.indexOf(delimiter, valueAt - 2);
      if (valueEnd === valueAt - 2) throw wrong(`the field "${name}" begins with its boundary`);
      const next = valueEnd + delimiter.length;
      if (valueEnd < 0 || next + 2 > body.length) return missing();
      found.set(name.toLowerCase(), { name, value: utf8(body.subarray(valueAt, valueEnd)), from: start, to: valueEnd });
      const after = body.toString("latin1", next, next + 2);
      if (after === "--") throw wrong("it has no file");
      if (after !== "\r\n") throw wrong("its boundary is followed by something else than the end of the line");
      start = valueEnd + 2;
      at = next + 2;
    }
  };
}

function boundaryOf(head: RequestHead): string {
  const values = headerValues(head.headers, "content-type");
  const found = /^\s*multipart\/form-data\s*;\s*boundary=(?:"([^"\\]{1,70})"|([^\s;,"]{1,70}))\s*$/i.exec(
    values[0] ?? "",
  );
  const boundary = found?.[1] ?? found?.[2];
  if (values.length !== 1 || boundary === undefined) throw wrong("its Content-Type has no boundary, or more than that");
  return boundary;
}

function partHead(text: string): { readonly name: string; readonly filename: string | undefined } {
  const lines = text.split("\r\n");
  if (lines.some((line) => !PART_HEADER.test(line)))
    throw wrong("a header line of a part is folded, or says that the part is encoded");
  const dispositions = lines.filter((line) => /^content-disposition:/i.test(line));
  const found = DISPOSITION.exec(dispositions[0] ?? "");
  if (dispositions.length !== 1 || found === null) {
    throw wrong("a part has no Content-Disposition of form-data with a name and a file name alone, or more than one");
  }
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, token] of (found[1] ?? "").matchAll(PARAMETER)) {
    if (parameters.has(name.toLowerCase())) throw wrong("a Content-Disposition repeats a parameter");
    parameters.set(name.toLowerCase(), quoted ?? token ?? "");
  }
  const name = parameters.get("name");
  if (name === undefined || !FIELD_NAME.test(name)) {
    throw wrong("a part has no name, or one with blanks, %, \\ or characters that are not ASCII");
  }
  const given = parameters.get("filename");
  const filename = given === undefined ? undefined : utf8(Buffer.from(given, "latin1"));
  const encoded = parameters.get("filename*");
  // .NET has both. RFC 7578 section 4.2 forbids the second, and which of them S3 reads is not known.
  return { name, filename: encoded === undefined || filename === extendedValue(encoded) ? filename : undefined };
}

/** A parameter's value in the notation of RFC 8187; undefined for what is not in UTF-8. */
function extendedValue(text: string): string | undefined {
  const value = /^utf-8'[a-z-]*'(.*)$/i.exec(text)?.[1];
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Visible characters but those by which a name may be quoted or escaped: blanks may be trimmed, escapes undone, or not. */
const FIELD_NAME = /^[!#$&-[\]-~]+$/;

/** A whole line, whose value is not encoded in a way that S3 may or may not undo. */
const PART_HEADER = /^(?!content-transfer-encoding:(?![ \t]*(?:7bit|8bit|binary)[ \t]*$))[!-9;-~]+:[\t -~\x80-\xff]*$/i;

/** Where a reader takes `\"` for a quote a value goes on: what follows would be another name to it than to us. */
const PARAMETER = /;[ \t]*(name|filename\*?)=(?:"([^"]*)(?<!\\)"|([^ \t;"\\]+))[ \t]*/gi;
const DISPOSITION = new RegExp(`^content-disposition:[ \\t]*form-data[ \\t]*((?:${PARAMETER.source})*)$`, "i");

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw wrong("a field is not UTF-8");
  }
}

function wrong(why: string): AwsError {
  return new AwsError("InvalidRequest", `The POST form is malformed: ${why}.`);
}
