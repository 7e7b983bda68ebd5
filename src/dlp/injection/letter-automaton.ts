import { type Automaton, STRIDE } from "../automaton.ts";

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

/** Packs an automaton whose states fit 16 bits and whose classes fit 5. */
export function packAutomaton({ classes, table, firstOutput, depths }: Automaton): LetterAutomaton {
  const count = depths.length;
  if (count > 0xffff) throw new RangeError("too many words for a packed automaton");
  const packed = new Uint16Array(count << ROW_BITS);
  for (let state = 0; state < count; state++)
    for (let symbol = 0; symbol < 1 << ROW_BITS; symbol++)
      packed[(state << ROW_BITS) | symbol] = (table[state * STRIDE + symbol] ?? 0) / STRIDE;
  return { classes, table: packed, firstOutput: firstOutput / STRIDE, depths };
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
