import { type Automaton, buildAutomaton } from "../automaton.ts";
import type { ExactSecret } from "./exact-matcher.ts";
import { exactBytes, type Form, formsOf } from "./forms.ts";
import { type Grams, gramsOf } from "./grams.ts";
import type { KnownSecret } from "./secret.ts";
import { SYMBOLS } from "./symbols.ts";

/** A spelling of one secret. */
export interface SecretForm extends Form {
  readonly secret: KnownSecret;
}

/** All spellings of all secrets of a bottle, ready to be searched for in one pass. */
export class KnownIndex {
  /** undefined: there is no secret to search for */
  readonly grams: Grams | undefined;
  /** secrets that are searched for as they stand only, besides their encodings */
  readonly exact: readonly ExactSecret[];
  readonly #forms: readonly SecretForm[];
  #automaton: Automaton | undefined;

  constructor(forms: readonly SecretForm[], exact: readonly ExactSecret[]) {
    this.exact = exact;
    this.grams = gramsOf(forms);
    this.#forms = forms;
  }

  /** Finds the first sign of a secret in a short text, a part of it that is hardly ever there by chance; made when it is asked for. */
  get automaton(): Automaton | undefined {
    if (this.#forms.length > 0) this.#automaton ??= buildAutomaton(signsOf(this.#forms), SYMBOLS, true);
    return this.#automaton;
  }
}

/** `least`: characters of the shortest secret, 3 or more. */
export function indexSecrets(secrets: readonly KnownSecret[], least: number): KnownIndex {
  return new KnownIndex(
    secrets.flatMap((secret) => formsOf(secret.value.reveal(), least).map((form) => ({ ...form, secret }))),
    secrets.flatMap((secret) => {
      const bytes = exactBytes(secret.value.reveal(), least);
      return bytes ? [{ form: { ...AS_IT_STANDS, secret }, bytes }] : [];
    }),
  );
}

const AS_IT_STANDS: Form = { encoding: "raw", symbols: new Uint8Array(0), need: 0, from: 0, to: 0 };

/** Parts that stand so close that any `need` symbols of a spelling contain a whole one, and no closer. */
function signsOf(forms: readonly SecretForm[]): readonly Uint8Array[] {
  return forms.flatMap(({ symbols, need, from, to }) => {
    const size = Math.min((need + 1) >> 1, Math.max(6, need >> 2));
    const signs: Uint8Array[] = [];
    for (let end = from + size; end <= to; end += need - size + 1)
      signs.push(symbols.subarray(end - size, end));
    return signs;
  });
}
