const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FORM = /^([A-Z][a-z]{2}), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * The instant of an HTTP date (`Fri, 24 May 2013 00:00:00 GMT`, RFC 9110 section 5.6.7, the fixed form only), or
 * undefined when the text is not one, names no real instant, or names the wrong day of the week.
 */
export function parseHttpDate(text: string): Date | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, day, date, month, year, hour, minute, second] = match as unknown as readonly string[] & { length: 8 };
  const at = new Date(
    Date.UTC(Number(year), MONTHS.indexOf(month as string), Number(date), Number(hour), Number(minute), Number(second)),
  );
  // A month that is none, a 30 February, a 25th hour or a wrong weekday do not print as they were written.
  return at.toUTCString() === text && DAYS.includes(day as string) ? at : undefined;
}
