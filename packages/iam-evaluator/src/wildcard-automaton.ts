import { ANY, ANY_IN_SEGMENT, ANY_LOOP, NO_LOOP, type StepMeter, type Wildcard } from "./wildcard.ts";

/**
 * Matches by simulating the pattern's automaton, thirty-two states a machine word (the Shift-And method): state `i` is
 * on when the characters so far match the first `i` tokens. It knows no backtracking, so no pattern and no text make it
 * slower than characters × words. States beyond the characters read, and states with more tokens to go than characters
 * left, are not looked at, which quarters the worst case.
 */
export function runAutomaton(wildcard: Wildcard, text: string, meter?: StepMeter): boolean {
  const tokenCount = wildcard.tokens.length;
  if (text.length < tokenCount) return false;

  const { words, masks, asciiMasks, otherMask, loopsAlways, loopsInSegment } = automatonOf(wildcard);
  const states = new Int32Array(words);
  states[0] = 1;
  const length = text.length;
  for (let at = 0; at < length; ) {
    let code = text.charCodeAt(at);
    const spare = tokenCount - length + at;
    const from = spare > 0 ? spare >>> 5 : 0;
    let mask: Int32Array;
    if (code < ASCII) mask = asciiMasks[code] as Int32Array;
    else {
      code = text.codePointAt(at) as number;
      mask = masks.get(code) ?? otherMask;
    }
    at += code > 0xffff ? 2 : 1;
    const to = Math.min(at, tokenCount) >>> 5;
    const loops = code === COLON ? loopsAlways : loopsInSegment;
    let carry = 0;
    let alive = 0;
    for (let w = from; w <= to; w++) {
      const state = states[w] as number;
      const moved = state & (mask[w] as number);
      const next = (moved << 1) | carry | (state & (loops[w] as number));
      carry = moved >>> 31;
      states[w] = next;
      alive |= next;
    }
    if (meter !== undefined) meter.steps += to - from + 1;
    if (alive === 0) return false;
  }
  return (((states[tokenCount >>> 5] as number) >>> (tokenCount & 31)) & 1) === 1;
}

const COLON = 0x3a;
const ASCII = 0x80;

interface Automaton {
  readonly words: number;
  /** Per character: the states whose next token takes it. Characters the pattern does not name share `otherMask`. */
  readonly masks: ReadonlyMap<number, Int32Array>;
  readonly otherMask: Int32Array;
  /** The masks of the first 128 characters, without looking them up. */
  readonly asciiMasks: readonly Int32Array[];
  /** The states that stay on at any character, and those that do at any character but a colon. */
  readonly loopsAlways: Int32Array;
  readonly loopsInSegment: Int32Array;
}

/** Few patterns ever need theirs, so it is built on first use and kept as long as the pattern. */
const automata = new WeakMap<Wildcard, Automaton>();

function automatonOf(wildcard: Wildcard): Automaton {
  let automaton = automata.get(wildcard);
  if (automaton === undefined) {
    automaton = buildAutomaton(wildcard);
    automata.set(wildcard, automaton);
  }
  return automaton;
}

function buildAutomaton({ tokens, loops }: Wildcard): Automaton {
  const words = (tokens.length >>> 5) + 1;
  const otherMask = new Int32Array(words);
  const colonMask = new Int32Array(words);
  const loopsAlways = new Int32Array(words);
  const loopsInSegment = new Int32Array(words);
  const masks = new Map<number, Int32Array>();

  tokens.forEach((token, i) => {
    if (token === ANY || token === ANY_IN_SEGMENT) turnOn(otherMask, i);
    if (token === ANY || token === COLON) turnOn(colonMask, i);
  });
  tokens.forEach((token, i) => {
    if (token < 0 || token === COLON) return;
    let mask = masks.get(token);
    if (mask === undefined) {
      mask = otherMask.slice();
      masks.set(token, mask);
    }
    turnOn(mask, i);
  });
  loops.forEach((loop, i) => {
    if (loop === ANY_LOOP) turnOn(loopsAlways, i);
    if (loop !== NO_LOOP) turnOn(loopsInSegment, i);
  });
  masks.set(COLON, colonMask);
  const asciiMasks = Array.from({ length: ASCII }, (_, code) => masks.get(code) ?? otherMask);
  return { words, masks, asciiMasks, otherMask, loopsAlways, loopsInSegment };
}

function turnOn(set: Int32Array, i: number): void {
  set[i >>> 5] = (set[i >>> 5] as number) | (1 << (i & 31));
}
