import { EncodedRuns } from "./decode/encoded-runs.ts";
import { inflate } from "./decode/inflate.ts";
import { DEPTH, INFLATED_TOTAL_BYTES } from "./decode/limits.ts";
import type { KnownIndex, SecretForm } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";

/** `encoding`: outermost first, as `base64 > gzip`. `start`, `end`: the bytes of the text that were decoded. */
export interface ViewFindings {
  secret(form: SecretForm, encoding: string, start: number, end: number): void;
  pattern(rule: string, encoding: string, start: number, end: number): void;
}

/** Searches what the base64 and hex of one text hold, and what encodings and compression hold inside that. */
export class EncodedViews {
  readonly #index: KnownIndex;
  readonly #keywords: KeywordIndex | undefined;
  readonly #found: ViewFindings;
  readonly #runs = new EncodedRuns((view, encoding, start, end) => this.#read(view, encoding, start, end, 1));
  #inflated = 0;

  constructor(index: KnownIndex, keywords: KeywordIndex | undefined, found: ViewFindings) {
    this.#index = index;
    this.#keywords = keywords;
    this.#found = found;
  }

  /** Text offset of the first byte of an encoded run that goes on; all bytes seen when none does. */
  get open(): number {
    return this.#runs.open;
  }

  write(bytes: Buffer, last: boolean): void {
    this.#runs.write(bytes, last);
  }

  /** Reads what there is of a run that goes on. */
  settle(): void {
    this.#runs.settle();
  }

  /** A message ends here: the next one may hold as much that is compressed. */
  boundary(): void {
    this.#runs.settle();
    this.#inflated = 0;
  }

  #read(view: Buffer, encoding: string, start: number, end: number, depth: number): void {
    const found = this.#found;
    const places: { form: SecretForm; from: number; to: number }[] = [];
    new KnownMatcher(this.#index, (form, from, to) => places.push({ form, from, to })).write(view, true);
    // A secret that only base64 or hex is around is found in the text itself, where it can be replaced. Part of it
    // may be spelled alike in another way, too.
    const plain = depth === 1 ? places.filter(({ form }) => form.encoding === "raw") : [];
    for (const { form, from, to } of places) {
      if (plain.some((raw) => raw.form.secret === form.secret && from >= raw.from && to <= raw.to)) continue;
      const inner = form.encoding === "raw" ? "" : ` > ${form.encoding}`;
      found.secret(form, encoding + inner, start, end);
    }
    if (this.#keywords)
      new PatternMatcher(this.#keywords, (rule) => found.pattern(rule, encoding, start, end)).write(
        view,
        true,
      );
    if (depth === DEPTH) return;
    const bomb = inflate(view, (inflated, format) => {
      this.#inflated += inflated.length;
      if (this.#inflated <= INFLATED_TOTAL_BYTES)
        this.#read(inflated, `${encoding} > ${format}`, start, end, depth + 1);
    });
    if (bomb || this.#inflated > INFLATED_TOTAL_BYTES)
      found.pattern("compression-bomb", encoding, start, end);
    new EncodedRuns((inner, name) => this.#read(inner, `${encoding} > ${name}`, start, end, depth + 1)).write(
      view,
      true,
    );
  }
}
