/** The word that is most likely meant by a misspelled one: at most a third of its letters are wrong. */
export function nearestWord(misspelled: string, words: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(misspelled.length / 3)) + 1;
  for (const word of words) {
    const wrong = editDistance(misspelled, word);
    if (wrong < least) [nearest, least] = [word, wrong];
  }
  return nearest;
}

/** How many letters must be put in, left out, changed or exchanged with their neighbour (Damerau, Levenshtein). */
function editDistance(a: string, b: string): number {
  let [before, above]: [number[], number[]] = [[], [...b, ""].map((_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      const exchanged = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          (above[column] as number) + 1,
          (current[column - 1] as number) + 1,
          (above[column - 1] as number) + changed,
          exchanged ? (before[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, above] = [above, current];
  }
  return above[b.length] as number;
}
