import type { WildcardDialect } from "../../src/wildcard.ts";

/** Matching as one would explain it, by trying everything: an oracle for small inputs. */
export function naiveMatch(pattern: string, text: string, dialect: WildcardDialect): boolean {
  const p = [...pattern];
  const t = [...text];
  const matchFrom = (i: number, j: number, colons: number): boolean => {
    if (i === p.length) return j === t.length;
    const inHead = !dialect.startsWith("string") && colons < 5;
    const c = p[i];
    if (c === "*") {
      const reaches = dialect.startsWith("resource") && (i + 1 === p.length || p[i + 1] === ":");
      const bound = inHead && !reaches;
      for (let k = j; ; k++) {
        if (matchFrom(i + 1, k, colons)) return true;
        if (k >= t.length || (bound && t[k] === ":")) return false;
      }
    }
    if (j === t.length) return false;
    if (c === "?") return !(inHead && t[j] === ":") && matchFrom(i + 1, j + 1, colons);
    const escapes = dialect.endsWith("WithEscapes") && !(dialect.startsWith("resource") && inHead);
    if (escapes && c === "$" && p[i + 1] === "{" && p[i + 3] === "}") {
      const escaped = p[i + 2] as string;
      if (["*", "?", "$"].includes(escaped)) return t[j] === escaped && matchFrom(i + 4, j + 1, colons);
    }
    return t[j] === c && matchFrom(i + 1, j + 1, c === ":" ? colons + 1 : colons);
  };
  return matchFrom(0, 0, 0);
}
