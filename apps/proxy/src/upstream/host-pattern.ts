/** Whether a lower-case host matches a pattern, in which `*` stands for any text. */
export function hostPattern(pattern: string): (host: string) => boolean {
  const pieces = pattern.toLowerCase().split("*");
  return (host) => matches(host, pieces);
}

function matches(host: string, pieces: readonly string[]): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return host === first;
  if (!host.startsWith(first) || host.length < first.length + last.length || !host.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = host.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= host.length - last.length;
}
