/** Whether a list has a name. Of many a set is made; of the few that a request signs, to go through them takes less. */
export function nameLookup(names: readonly string[]): (name: string) => boolean {
  if (names.length <= FEW_NAMES) return (name) => names.includes(name);
  const set = new Set(names);
  return (name) => set.has(name);
}

/** Up to here lists are gone through, and beyond it, where that takes the square of their length, looked up in. */
export const FEW_NAMES = 64;
