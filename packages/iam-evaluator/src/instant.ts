/**
 * Reads a point in time: ISO 8601 in the profile of the W3C ("Date and Time Formats"), or seconds since 1970 (IAM User
 * Guide, "Date condition operators", and the key aws:EpochTime). Four digits are a year; without a zone it is UTC.
 * Gives milliseconds since 1970, or undefined for anything else.
 */
export function parseInstant(text: string): number | undefined {
  const found = ISO.exec(text);
  if (found === null) return EPOCH_SECONDS.test(text) ? Number(text) * 1000 : undefined;
  const [, year = "", month = "1", day = "1", hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] =
    found;
  const whole = Date.UTC(2000, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(whole);
  // Years below 100 would be taken for those of the 20th century.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // What rolls over, as the 30th of February, is no date.
  const exists =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60;
  const offset = zoneOffset(zone);
  if (!exists || offset === undefined) return undefined;
  return date.getTime() + Number(`0.${fraction || "0"}`) * 1000 - offset;
}

const ISO =
  /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?$/;
const EPOCH_SECONDS = /^-?[0-9]{1,15}$/;

/** In milliseconds. */
function zoneOffset(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
