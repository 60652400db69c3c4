/**
 * A text of the request as it stands in a pattern. There `*` would be a wildcard that the request has made: asking for a
 * secret called `*` must not need, and so never give, the permission to read all of them. `?` stands for the one character.
 */
export function inPattern(text: string): string {
  return text.replaceAll("*", "?");
}
