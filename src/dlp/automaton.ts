/**
 * Many literals at once: the automaton of Aho and Corasick (CACM 18, 1975) over classes of bytes, as one flat table.
 * A state is the index of its row; the class of a byte is added to it. States in which a literal ends come last, so that
 * the inner loop only compares.
 */
export interface Automaton {
  /** class of every byte, below `STRIDE`; 0: none of the alphabet */
  readonly classes: Uint8Array;
  readonly table: Int32Array;
  /** states from here on have outputs */
  readonly firstOutput: number;
  /** numbers of the literals that end in a state; index: `(state - firstOutput) / STRIDE` */
  readonly outputs: readonly (readonly number[])[];
  /** how many symbols of a literal a state stands for; index: `state / STRIDE` */
  readonly depths: Uint16Array;
}

/** Entries of a row, a power of two above the number of classes. */
export const STRIDE = 64;

/**
 * `literals`: sequences of classes (1 to 63), none empty. `skips`: a byte of class 0 leaves the state as it is, so that
 * a literal is found whatever stands between its symbols; otherwise such a byte ends every literal.
 */
export function buildAutomaton(
  literals: readonly Uint8Array[],
  classes: Uint8Array,
  skips: boolean,
): Automaton {
  const trie = buildTrie(literals);
  const count = trie.depths.length;
  const order = Array.from({ length: count }, (_, state) => state);
  const isOutput = (state: number) => (trie.outputs[state]?.length ?? 0) > 0;
  const sorted = [...order.filter((state) => !isOutput(state)), ...order.filter(isOutput)];
  const rows = new Int32Array(count);
  for (const [row, state] of sorted.entries()) rows[state] = row * STRIDE;
  const table = new Int32Array(count * STRIDE);
  const depths = new Uint16Array(count);
  for (const state of order) {
    const row = rows[state] ?? 0;
    depths[row / STRIDE] = trie.depths[state] ?? 0;
    for (let symbol = 1; symbol < STRIDE; symbol++)
      table[row + symbol] = rows[trie.next[state * STRIDE + symbol] ?? 0] ?? 0;
    table[row] = skips ? row : 0;
  }
  const outputs = sorted.filter(isOutput).map((state) => trie.outputs[state] ?? []);
  return { classes, table, firstOutput: (count - outputs.length) * STRIDE, outputs, depths };
}

interface Trie {
  /** complete: every state has a successor for every symbol */
  readonly next: Int32Array;
  readonly depths: readonly number[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}

function buildTrie(literals: readonly Uint8Array[]): Trie {
  const size = literals.reduce((sum, literal) => sum + literal.length, 1);
  const next = new Int32Array(size * STRIDE).fill(-1);
  const depths = [0];
  const outputs: (number[] | undefined)[] = [undefined];
  for (const [index, literal] of literals.entries()) {
    let state = 0;
    for (const symbol of literal) {
      const at = state * STRIDE + symbol;
      let child = next[at] ?? -1;
      if (child < 0) {
        child = depths.length;
        depths.push((depths[state] ?? 0) + 1);
        outputs.push(undefined);
        next[at] = child;
      }
      state = child;
    }
    const here = outputs[state] ?? [];
    here.push(index);
    outputs[state] = here;
  }
  // Breadth first: a state's fall-back is complete before the state is.
  const fallback = new Int32Array(depths.length);
  const queue: number[] = [];
  for (let symbol = 1; symbol < STRIDE; symbol++) {
    const child = next[symbol] ?? -1;
    if (child < 0) next[symbol] = 0;
    else queue.push(child);
  }
  for (let i = 0; i < queue.length; i++) {
    const state = queue[i] ?? 0;
    const back = fallback[state] ?? 0;
    const inherited = outputs[back];
    if (inherited) outputs[state] = [...(outputs[state] ?? []), ...inherited];
    for (let symbol = 1; symbol < STRIDE; symbol++) {
      const at = state * STRIDE + symbol;
      const child = next[at] ?? -1;
      const other = next[back * STRIDE + symbol] ?? 0;
      if (child < 0) next[at] = other;
      else {
        fallback[child] = other;
        queue.push(child);
      }
    }
  }
  return { next, depths, outputs };
}

/**
 * Called for every byte that leads to, or with `skips` stays in, a state with outputs. `at`: index behind the byte. In
 * an automaton that skips, a byte of class 0 brings nothing new: the callee looks.
 */
export type OnHit = (state: number, at: number) => void;

/** Bytes from which on three parts are run in one loop. */
const THREE_LANES = 768;

/**
 * Runs `bytes[from, to)` and returns the state at the end. Hits come in no order. Three parts in one loop hide the time a
 * load takes (four are slower: their states don't fit in registers); what spans two parts is run once more.
 */
export function run(
  automaton: Automaton,
  bytes: Uint8Array,
  from: number,
  to: number,
  state: number,
  onHit: OnHit,
): number {
  const { classes, table, firstOutput } = automaton;
  if (to - from < THREE_LANES) return runOne(automaton, bytes, from, to, state, onHit);
  const part = Math.floor((to - from) / 3);
  const second = from + part;
  const third = second + part;
  let a = state;
  let b = 0;
  let c = 0;
  for (let i = from, j = second, k = third; i < second; i++, j++, k++) {
    a = table[a + (classes[bytes[i] as number] as number)] as number;
    b = table[b + (classes[bytes[j] as number] as number)] as number;
    c = table[c + (classes[bytes[k] as number] as number)] as number;
    if (a >= firstOutput) onHit(a, i + 1);
    if (b >= firstOutput) onHit(b, j + 1);
    if (c >= firstOutput) onHit(c, k + 1);
  }
  const end = runOne(automaton, bytes, third + part, to, c, onHit);
  b = across(automaton, bytes, second, third, a, onHit) ?? b;
  return across(automaton, bytes, third, to, b, onHit) ?? end;
}

/** Follows what began before a part of its own until it has ended; a state of `to` when nothing ended it. */
function across(
  automaton: Automaton,
  bytes: Uint8Array,
  begin: number,
  to: number,
  from: number,
  onHit: OnHit,
): number | undefined {
  const { classes, table, firstOutput, depths } = automaton;
  let state = from;
  let symbols = 0;
  for (let i = begin; i < to; i++) {
    // Nothing of what it stands for lies before that part: its own lane has been here.
    if ((depths[state / STRIDE] as number) <= symbols) return undefined;
    const symbol = classes[bytes[i] as number] as number;
    state = table[state + symbol] as number;
    if (symbol !== 0) symbols++;
    if (state >= firstOutput) onHit(state, i + 1);
  }
  return (depths[state / STRIDE] as number) <= symbols ? undefined : state;
}

function runOne(
  { classes, table, firstOutput }: Automaton,
  bytes: Uint8Array,
  from: number,
  to: number,
  state: number,
  onHit: OnHit,
): number {
  let current = state;
  for (let i = from; i < to; i++) {
    current = table[current + (classes[bytes[i] as number] as number)] as number;
    if (current >= firstOutput) onHit(current, i + 1);
  }
  return current;
}
