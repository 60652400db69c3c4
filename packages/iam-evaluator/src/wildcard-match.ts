import type { StepMeter, Wildcard } from "./wildcard.ts";
import { runAutomaton } from "./wildcard-automaton.ts";

/**
 * Whether the whole text matches. The text is data: a `*` in it is an asterisk. Takes at most
 * max(32,768, length of text × length of pattern ÷ 32) elementary steps, and none when the text is too short.
 */
export function matchesWildcard(wildcard: Wildcard, text: string, meter?: StepMeter): boolean {
  const { pieces } = wildcard;
  if (pieces === undefined) return runAutomaton(wildcard, text, meter);

  const first = pieces[0] as string;
  if (pieces.length === 1) return text === first;

  const last = pieces[pieces.length - 1] as string;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  if (pieces.length === 2) return true;

  if (text.length < wildcard.tokens.length) return false;
  const work = text.length * wildcard.tokens.length;
  if (work > SEARCH_LIMIT) return runAutomaton(wildcard, text, meter);
  if (meter !== undefined) meter.steps += work;

  // Leftmost is enough: what follows an earlier place has at least as much text to match in.
  let from = first.length;
  const end = text.length - last.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] as string;
    const at = text.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}

/**
 * Several literal pieces are searched for with `indexOf`, whose worst case is pattern times text; beyond this product
 * the automaton takes over, whose worst case is a thirty-second of it.
 */
const SEARCH_LIMIT = 1 << 15;
