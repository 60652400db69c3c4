/**
 * Whether IAM takes a text for a date when a policy is created. It is far more lenient than ISO 8601: hours of one digit,
 * any year that Java knows, nothing behind the `T`. What it takes and `parseInstant` does not read is undetermined.
 */
export function isDateForIam(text: string): boolean {
  const lower = text.toLowerCase();
  if (!lower.includes("t") && !lower.includes("-")) {
    return /^[0-9]{1,19}$/.test(lower) && BigInt(lower) <= MOST_SECONDS;
  }
  const [date = "", time = "", ...rest] = lower.split("t");
  return rest.length === 0 && isDate(date) && isTime(time);
}

const MOST_SECONDS = 9_223_372_036_854_775_807n;

function isDate(text: string): boolean {
  const negative = text.startsWith("-");
  const [year = "", month, day, ...rest] = (negative ? text.slice(1) : text).split("-");
  return (
    rest.length === 0 &&
    isWithin(year, 0, negative ? 292_275_054 : 292_278_993) &&
    (month === undefined || isWithin(month, 1, 12)) &&
    (day === undefined || isWithin(day, 1, 31))
  );
}

function isTime(text: string): boolean {
  if (text === "") return true;
  const [hours = "", minutes, ...rest] = text.split(":");
  return (
    isWithin(hours, 0, 23) &&
    (minutes === undefined || isWithin(minutes, 0, 59)) &&
    (rest.length === 0 || isSeconds(rest.join(":")))
  );
}

/** Seconds, their fraction and the zone: `Z`, or `+` and two digits, and two more behind a colon. */
function isSeconds(text: string): boolean {
  const found = /^([0-9]{1,2})(?:\.([0-9]{1,9}))?(?:z|\+([0-9]{2})(?::([0-9]{2}))?)?$/.exec(
    text.replace(/-([0-9]{2})/, "+$1"),
  );
  if (found === null) return false;
  const [, seconds = "", , zoneHours = "0", zoneMinutes = "0"] = found;
  return isWithin(seconds, 0, 59) && isWithin(zoneHours, 0, 23) && isWithin(zoneMinutes, 0, 59);
}

function isWithin(text: string, least: number, most: number): boolean {
  return /^[0-9]{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most;
}
