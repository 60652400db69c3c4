import { ANY, ANY_IN_SEGMENT, ANY_LOOP, NO_LOOP, type StepMeter, type Wildcard } from "./wildcard.ts";

/**
 * Matches by simulating the pattern's automaton, thirty-two states a machine word (the Shift-And method): state `i` is
 * on when the characters so far match the first `i` tokens. It knows no backtracking, so no pattern and no text make it
 * slower than characters × words. Not looked at are
 * - the tokens behind the last star, but once: they stand at the end of the text or nowhere;
 * - states before a star that was reached: every match goes through it, and it waits for as long as needed;
 * - states beyond those reached so far, and states with more tokens to go than characters left.
 * What is left is seldom more than the piece between two stars.
 */
export function runAutomaton(wildcard: Wildcard, text: string, meter?: StepMeter): boolean {
  const { tokens } = wildcard;
  if (text.length < tokens.length) return false;

  const { words, masks, asciiMasks, otherMask, loopsAlways, loopsInSegment, tailFrom } = automatonOf(wildcard);
  const length = tailFrom < 0 ? text.length : beforeTail(tokens, tailFrom, text, meter);
  if (length < 0) return false;
  const goal = tailFrom < 0 ? tokens.length : tailFrom;
  if (tailFrom === 0) return true;
  const states = new Int32Array(words);
  states[0] = 1;
  let low = 0;
  let high = 0;
  for (let at = 0; at < length; ) {
    let code = text.charCodeAt(at);
    const spare = goal - length + at;
    if (spare > 0) low = Math.max(low, spare >>> 5);
    let mask: Int32Array;
    if (code < ASCII) mask = asciiMasks[code] as Int32Array;
    else {
      code = text.codePointAt(at) as number;
      mask = masks.get(code) ?? otherMask;
    }
    at += code > 0xffff ? 2 : 1;
    const to = Math.min(high + 1, goal >>> 5);
    const loops = code === COLON ? loopsAlways : loopsInSegment;
    if (meter !== undefined) meter.steps += Math.max(0, to - low + 1);
    let carry = 0;
    let reached = -1;
    for (let w = low; w <= to; w++) {
      const state = states[w] as number;
      const moved = state & (mask[w] as number);
      let next = (moved << 1) | carry | (state & (loops[w] as number));
      carry = moved >>> 31;
      const stars = next & (loopsAlways[w] as number);
      if (stars !== 0) {
        low = w;
        next &= -1 << (31 - Math.clz32(stars));
      }
      states[w] = next;
      if (next !== 0) reached = w;
    }
    if (reached < 0) return false;
    high = reached;
    if (tailFrom >= 0 && (((states[goal >>> 5] as number) >>> (goal & 31)) & 1) === 1) return true;
  }
  return (((states[goal >>> 5] as number) >>> (goal & 31)) & 1) === 1;
}

/** Where the characters begin that the tokens from `from` on take at the end of the text, each one; -1 if they do not. */
function beforeTail(tokens: readonly number[], from: number, text: string, meter: StepMeter | undefined): number {
  let at = text.length;
  for (let i = tokens.length - 1; i >= from; i--) {
    if (meter !== undefined) meter.steps += 1;
    if (at === 0) return -1;
    at--;
    let code = text.charCodeAt(at);
    if (at > 0 && (code & 0xfc00) === LOW_SURROGATE && (text.charCodeAt(at - 1) & 0xfc00) === HIGH_SURROGATE) {
      at--;
      code = text.codePointAt(at) as number;
    }
    const token = tokens[i] as number;
    if (token !== code && token !== ANY && (token !== ANY_IN_SEGMENT || code === COLON)) return -1;
  }
  return at;
}

const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
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
  /** The first token behind the last star, if that star is unrestricted; else -1. */
  readonly tailFrom: number;
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
  const lastStar = loops.findLastIndex((loop) => loop !== NO_LOOP);
  const tailFrom = loops[lastStar] === ANY_LOOP ? lastStar : -1;
  return { words, masks, asciiMasks, otherMask, loopsAlways, loopsInSegment, tailFrom };
}

function turnOn(set: Int32Array, i: number): void {
  set[i >>> 5] = (set[i >>> 5] as number) | (1 << (i & 31));
}
