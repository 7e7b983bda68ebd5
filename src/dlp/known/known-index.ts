import type { ExactSecret } from "./exact-matcher.ts";
import { exactBytes, type Form, formsOf } from "./forms.ts";
import { type Grams, gramsOf } from "./grams.ts";
import type { KnownSecret } from "./secret.ts";

/** A spelling of one secret. */
export interface SecretForm extends Form {
  readonly secret: KnownSecret;
}

/** All spellings of all secrets of a bottle, ready to be searched for in one pass. */
export interface KnownIndex {
  /** undefined: there is no secret to search for */
  readonly grams: Grams | undefined;
  /** secrets that are searched for as they stand only, besides their encodings */
  readonly exact: readonly ExactSecret[];
}

/** `least`: characters of the shortest secret, 3 or more. */
export function indexSecrets(secrets: readonly KnownSecret[], least: number): KnownIndex {
  const forms = secrets.flatMap((secret) =>
    formsOf(secret.value.reveal(), least).map((form) => ({ ...form, secret })),
  );
  const exact = secrets.flatMap((secret) => {
    const bytes = exactBytes(secret.value.reveal(), least);
    return bytes ? [{ form: { ...AS_IT_STANDS, secret }, bytes }] : [];
  });
  return { grams: gramsOf(forms), exact };
}

const AS_IT_STANDS: Form = { encoding: "raw", symbols: new Uint8Array(0), need: 0, from: 0, to: 0 };
