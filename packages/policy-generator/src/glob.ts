/**
 * Whether a text is the one a pattern means, in which `*` stands for any text and `?` for one character. Case does not
 * matter. One star is tried again at a time: at worst the product of both lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), text.toLowerCase()];
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < given.length) {
    if (wanted[p] === "*") {
      star = p++;
      from = t;
    } else if (p < wanted.length && (wanted[p] === "?" || wanted[p] === given[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  while (wanted[p] === "*") p++;
  return p === wanted.length;
}
