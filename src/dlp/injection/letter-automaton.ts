/** An automaton over at most 31 classes of letters that passes over all other bytes, packed so that it stays in cache. */
export interface LetterAutomaton {
  readonly classes: Uint8Array;
  /** next state; index: state x 32 + class */
  readonly table: Uint16Array;
  /** states from here on end a word */
  readonly firstOutput: number;
  readonly depths: Uint16Array;
}

const ROW_BITS = 5;
/** Bytes from which on four stretches are run in one loop. */
const LANES_BYTES = 256;

/** Symbols (classes, none 0) and what they stand for, some bits. */
export interface Word {
  readonly symbols: Uint8Array;
  readonly mask: number;
}

/** Words that are looked for in every byte, and their bits by output state. */
export interface LetterWords {
  readonly automaton: LetterAutomaton;
  /** index: `state - firstOutput` */
  readonly masks: Int32Array;
}

/** The automaton of Aho and Corasick (CACM 18, 1975) over `words`; it is made while an answer waits. */
export function buildLetters(words: readonly Word[], classes: Uint8Array): LetterWords {
  const most = words.reduce((sum, { symbols }) => sum + symbols.length, 1);
  // What is no row of the first is made complete, and put in order, below.
  const next = new Uint16Array(most << ROW_BITS);
  const depths = new Uint16Array(most);
  const masks = new Int32Array(most);
  let count = 1;
  for (const { symbols, mask } of words) {
    let state = 0;
    for (const symbol of symbols) {
      const at = (state << ROW_BITS) | symbol;
      if (next[at] === 0) {
        depths[count] = (depths[state] as number) + 1;
        next[at] = count++;
      }
      state = next[at] as number;
    }
    masks[state] = (masks[state] as number) | mask;
  }
  if (count > 0xffff) throw new RangeError("too many words for an automaton of letters");
  complete(next, masks, count);
  return inOrder(next, masks, depths, count, classes);
}

/** Breadth first: the state that one falls back to is complete before it is. */
function complete(next: Uint16Array, masks: Int32Array, count: number): void {
  const fallback = new Uint16Array(count);
  const queue = new Uint16Array(count);
  let queued = 1;
  for (let done = 0; done < queued; done++) {
    const state = queue[done] as number;
    const back = fallback[state] as number;
    masks[state] = (masks[state] as number) | (masks[back] as number);
    for (let symbol = 1; symbol < 1 << ROW_BITS; symbol++) {
      const at = (state << ROW_BITS) | symbol;
      const child = next[at] as number;
      const other = state === 0 ? 0 : (next[(back << ROW_BITS) | symbol] as number);
      if (child === 0) next[at] = other;
      else {
        fallback[child] = other;
        queue[queued++] = child;
      }
    }
  }
}

/** States in which a word ends come last; a byte of class 0 leaves a state as it is. */
function inOrder(
  next: Uint16Array,
  masks: Int32Array,
  depths: Uint16Array,
  count: number,
  classes: Uint8Array,
): LetterWords {
  const place = new Uint16Array(count);
  let firstOutput = 0;
  for (let state = 0; state < count; state++) if (masks[state] === 0) place[state] = firstOutput++;
  let outputs = firstOutput;
  for (let state = 0; state < count; state++) if (masks[state] !== 0) place[state] = outputs++;
  const table = new Uint16Array(count << ROW_BITS);
  const deep = new Uint16Array(count);
  const ends = new Int32Array(count - firstOutput);
  for (let state = 0; state < count; state++) {
    const to = place[state] as number;
    deep[to] = depths[state] as number;
    if (to >= firstOutput) ends[to - firstOutput] = masks[state] as number;
    table[to << ROW_BITS] = to;
    for (let symbol = 1; symbol < 1 << ROW_BITS; symbol++)
      table[(to << ROW_BITS) | symbol] = place[next[(state << ROW_BITS) | symbol] as number] as number;
  }
  return { automaton: { classes, table, firstOutput, depths: deep }, masks: ends };
}

/** Called with a state that ends a word, and the index behind its last byte; more than once for one word at times. */
export type OnWord = (state: number, at: number) => void;

/** The state after one more symbol. */
export function step({ table }: LetterAutomaton, state: number, symbol: number): number {
  return table[(state << ROW_BITS) | symbol] as number;
}

/**
 * Runs all of `bytes` and returns the state at the end; words come in no order. Four stretches in one loop hide the time
 * a load takes; what spans two of them is run once more.
 */
export function runLetters(
  automaton: LetterAutomaton,
  bytes: Uint8Array,
  state: number,
  onWord: OnWord,
): number {
  if (bytes.length < LANES_BYTES) return runOne(automaton, bytes, 0, bytes.length, state, onWord);
  const { classes, table, firstOutput } = automaton;
  const quarter = bytes.length >> 2;
  const second = quarter;
  const third = 2 * quarter;
  const fourth = 3 * quarter;
  let a = state;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < quarter; i++) {
    a = table[(a << ROW_BITS) | (classes[bytes[i] as number] as number)] as number;
    b = table[(b << ROW_BITS) | (classes[bytes[i + second] as number] as number)] as number;
    c = table[(c << ROW_BITS) | (classes[bytes[i + third] as number] as number)] as number;
    d = table[(d << ROW_BITS) | (classes[bytes[i + fourth] as number] as number)] as number;
    if (a >= firstOutput) onWord(a, i + 1);
    if (b >= firstOutput) onWord(b, i + second + 1);
    if (c >= firstOutput) onWord(c, i + third + 1);
    if (d >= firstOutput) onWord(d, i + fourth + 1);
  }
  let end = runOne(automaton, bytes, fourth + quarter, bytes.length, d, onWord);
  end = across(automaton, bytes, second, a, onWord) ?? end;
  end = across(automaton, bytes, third, b, onWord) ?? end;
  return across(automaton, bytes, fourth, c, onWord) ?? end;
}

/** Follows what began before `from` until it has ended; the state at the end of `bytes` when nothing ended it. */
function across(
  automaton: LetterAutomaton,
  bytes: Uint8Array,
  from: number,
  state: number,
  onWord: OnWord,
): number | undefined {
  const { classes, table, firstOutput, depths } = automaton;
  let current = state;
  let symbols = 0;
  for (let i = from; i < bytes.length; i++) {
    // nothing of what the state stands for lies before `from`: the other stretch has been here
    if ((depths[current] as number) <= symbols) return undefined;
    const symbol = classes[bytes[i] as number] as number;
    if (symbol === 0) continue;
    symbols++;
    current = table[(current << ROW_BITS) | symbol] as number;
    if (current >= firstOutput) onWord(current, i + 1);
  }
  return (depths[current] as number) <= symbols ? undefined : current;
}

function runOne(
  { classes, table, firstOutput }: LetterAutomaton,
  bytes: Uint8Array,
  from: number,
  to: number,
  state: number,
  onWord: OnWord,
): number {
  let current = state;
  for (let i = from; i < to; i++) {
    current = table[(current << ROW_BITS) | (classes[bytes[i] as number] as number)] as number;
    if (current >= firstOutput) onWord(current, i + 1);
  }
  return current;
}
