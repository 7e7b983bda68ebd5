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
