import { ANY, ANY_IN_SEGMENT, ANY_LOOP, type Loop, NO_LOOP, type StepMeter, type Wildcard } from "./wildcard.ts";

/** Beyond this many pairs of places in two patterns, nothing is proven: `covers` says no and `overlaps` says yes. */
const MOST_PAIRS = 1 << 20;

/**
 * Whether `outer` certainly matches every text that `inner` matches. It walks `outer` along the tokens of `inner`, where
 * a star of `inner` can be taken only by a loop of `outer` that takes as much: then whatever the star stands for is
 * taken too. So true is a proof. False may also mean that no proof was found (exotic use of `?` next to `*`).
 */
export function covers(outer: Wildcard, inner: Wildcard, meter?: StepMeter): boolean {
  const count = outer.tokens.length;
  if ((count + 1) * (inner.tokens.length + 1) > MOST_PAIRS) return false;

  const loops = spreadLoops(outer);
  let places = new Uint8Array(count + 1);
  let moved = new Uint8Array(count + 1);
  places[0] = 1;
  // Places outside low..high are off, whatever they hold.
  let low = 0;
  let high = 0;
  for (let j = 0; j <= inner.tokens.length; j++) {
    const loop = inner.loops[j] as Loop;
    if (loop !== NO_LOOP) {
      for (let i = low; i <= high; i++) if ((loops[i] as Loop) < loop) places[i] = 0;
    }
    if (j === inner.tokens.length) break;

    const token = inner.tokens[j] as number;
    moved.fill(0, low, high + 1);
    let first = -1;
    let last = -1;
    for (let i = low; i <= high; i++) {
      if (places[i] === 0) continue;
      if (loopTakesAll(loops[i] as Loop, token)) {
        moved[i] = 1;
        if (first < 0) first = i;
        last = Math.max(last, i);
      }
      if (i < count && tokenTakesAll(outer.tokens[i] as number, token)) {
        moved[i + 1] = 1;
        if (first < 0) first = i;
        last = i + 1;
      }
    }
    if (meter !== undefined) meter.steps += high - low + 1;
    if (first < 0) return false;
    [places, moved] = [moved, places];
    low = first;
    high = last;
  }
  return high === count && places[count] === 1;
}

/** Whether some text may match both patterns. False is a proof that none does. */
export function overlaps(a: Wildcard, b: Wildcard, meter?: StepMeter): boolean {
  const rows = a.tokens.length;
  const columns = b.tokens.length;
  if ((rows + 1) * (columns + 1) > MOST_PAIRS) return true;

  // reached[j] of row i: one text brings `a` to place i and `b` to place j.
  let reached = new Uint8Array(columns + 2);
  let below = new Uint8Array(columns + 2);
  reached[0] = 1;
  let low = 0;
  for (let i = 0; ; i++) {
    const loop = a.loops[i] as Loop;
    const token = a.tokens[i];
    let first = -1;
    let j = low;
    for (; j <= columns; j++) {
      if (reached[j] === 0) continue;
      const other = b.tokens[j];
      if (other !== undefined && loopTakesSome(loop, other)) reached[j + 1] = 1;
      if (token === undefined) continue;
      if (loopTakesSome(b.loops[j] as Loop, token)) {
        below[j] = 1;
        if (first < 0) first = j;
      }
      if (other !== undefined && tokensMeet(token, other)) {
        below[j + 1] = 1;
        if (first < 0) first = j + 1;
      }
    }
    if (meter !== undefined) meter.steps += columns - low + 1;
    if (i === rows) return reached[columns] === 1;
    if (first < 0) return false;
    [reached, below] = [below, reached];
    below.fill(0);
    low = first;
  }
}

const COLON = 0x3a;

/** `*?`, `?*` and `*?*` mean the same: gives each place of such a run its loop, so that any order is recognised. */
function spreadLoops({ tokens, loops }: Wildcard): Loop[] {
  const spread = [...loops];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === ANY && spread[i] === ANY_LOOP) spread[i + 1] = ANY_LOOP;
  }
  for (let i = tokens.length - 1; i >= 0; i--) {
    if (tokens[i] === ANY && spread[i + 1] === ANY_LOOP) spread[i] = ANY_LOOP;
  }
  return spread;
}

/** Whether a loop takes every character that `token` takes. */
function loopTakesAll(loop: Loop, token: number): boolean {
  return loop === ANY_LOOP || (loop !== NO_LOOP && token !== ANY && token !== COLON);
}

/** Whether a token takes every character that `token` takes. */
function tokenTakesAll(outer: number, token: number): boolean {
  if (outer === ANY) return true;
  if (outer === ANY_IN_SEGMENT) return token !== ANY && token !== COLON;
  return outer === token;
}

/** Whether a loop takes some character that `token` takes. */
function loopTakesSome(loop: Loop, token: number): boolean {
  return loop === ANY_LOOP || (loop !== NO_LOOP && token !== COLON);
}

/** Whether some character is taken by both tokens. */
function tokensMeet(a: number, b: number): boolean {
  if (a >= 0 && b >= 0) return a === b;
  return !((a === COLON && b === ANY_IN_SEGMENT) || (a === ANY_IN_SEGMENT && b === COLON));
}
