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

/**
 * Blocks stand side by side and are so long that any `need` symbols of the form contain a whole one: with blocks of b
 * that are any 2b - 1 symbols. `least`: characters of the shortest secret.
 */
export function indexSecrets(secrets: readonly KnownSecret[], least: number): KnownIndex {
  const blocks: Block[] = [];
  const literals: Uint8Array[] = [];
  for (const secret of secrets) {
    for (const spelled of formsOf(secret.value.reveal(), least)) {
      const form = { ...spelled, secret };
      const size = (form.need + 1) >> 1;
      for (let end = form.from + size; end <= form.to; end += size) {
        literals.push(form.symbols.subarray(end - size, end));
        blocks.push({ form, size, end });
      }
    }
  }
  const automaton = literals.length === 0 ? undefined : buildAutomaton(literals, SYMBOLS, true);
  return { automaton, blocks };
}
