import { type Automaton, buildAutomaton } from "../automaton.ts";
import { type Form, formsOf } from "./forms.ts";
import type { KnownSecret } from "./secret.ts";
import { SYMBOLS } from "./symbols.ts";

/** A spelling of one secret. */
export interface SecretForm extends Form {
  readonly secret: KnownSecret;
}

/** A short part of a spelling: where one is, the whole is looked for around it. */
export interface Block {
  readonly form: SecretForm;
  readonly size: number;
  /** where in the form it ends */
  readonly end: number;
}

/** All spellings of all secrets of a bottle, ready to be searched for in one pass. */
export interface KnownIndex {
  /** undefined: there is no secret to search for */
  readonly automaton: Automaton | undefined;
  readonly blocks: readonly Block[];
}

/** Symbols that are hardly ever found by chance; of a wide spelling, which says little with each, a quarter of a find. */
function blockSize(need: number): number {
  return Math.min((need + 1) >> 1, Math.max(6, need >> 2));
}

/**
 * Blocks stand so close that any `need` symbols of the form contain a whole one, and no closer: the fewer they are, the
 * more of the table stays in the processor's cache. `least`: characters of the shortest secret.
 */
export function indexSecrets(secrets: readonly KnownSecret[], least: number): KnownIndex {
  const blocks: Block[] = [];
  const literals: Uint8Array[] = [];
  for (const secret of secrets) {
    for (const spelled of formsOf(secret.value.reveal(), least)) {
      const form = { ...spelled, secret };
      const size = blockSize(form.need);
      for (let end = form.from + size; end <= form.to; end += form.need - size + 1) {
        literals.push(form.symbols.subarray(end - size, end));
        blocks.push({ form, size, end });
      }
    }
  }
  const automaton = literals.length === 0 ? undefined : buildAutomaton(literals, SYMBOLS, true);
  return { automaton, blocks };
}
