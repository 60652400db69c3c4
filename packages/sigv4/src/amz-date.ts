/**
 * The instant a request was signed at, as SigV4 writes it: ISO 8601 basic format, UTC, whole seconds
 * (`20130524T000000Z`). See "Date" in the IAM guide's elements of an AWS API request signature.
 */
export function formatAmzDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== memoSecond) {
    const iso = new Date(second * 1000).toISOString();
    if (iso.length !== 24) throw new RangeError("the year of a signing date has four digits");
    memoText = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
    memoSecond = second;
  }
  return memoText;
}

// Most calls in a row are for the same second, and formatting one costs as much as hashing a small request.
let memoSecond = Number.NaN;
let memoText = "";

/** The instant an `x-amz-date` names, or undefined when the text is not exactly of that form or names no real instant. */
export function parseAmzDate(text: string): Date | undefined {
  if (text === parsedText) return new Date(parsedTime);
  const date = parse(text);
  if (date !== undefined) {
    parsedText = text;
    parsedTime = date.getTime();
  }
  return date;
}

let parsedText = "";
let parsedTime = Number.NaN;

function parse(text: string): Date | undefined {
  if (text.length !== 16 || text[8] !== "T" || text[15] !== "Z") return undefined;
  for (let i = 0; i < 15; i++) {
    const code = text.charCodeAt(i);
    if (i !== 8 && (code < 0x30 || code > 0x39)) return undefined;
  }
  const month = Number(text.slice(4, 6)) - 1;
  const day = Number(text.slice(6, 8));
  const hour = Number(text.slice(9, 11));
  const minute = Number(text.slice(11, 13));
  const second = Number(text.slice(13, 15));
  const year = Number(text.slice(0, 4));
  // Date.UTC rolls 30 February over to March, and takes year 99 for 1999; a signing date is a real one or none.
  if (year < 1000 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date : undefined;
}
