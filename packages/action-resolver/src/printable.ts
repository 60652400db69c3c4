/** Text of the request for a log line: short, and without control characters. */
export function printable(text: string, most = 120): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  return short.replace(/[^\x20-\x7e…]/g, "?");
}
