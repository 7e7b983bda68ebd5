import type { TextReader } from "./decode/respelled.ts";
import type { KnownIndex } from "./known/known-index.ts";
import type { KeywordIndex } from "./pattern-matcher.ts";
import { holdsNothing } from "./quick-look.ts";

/** Bytes of a text that is looked at as a whole. */
const SHORT_BYTES = 1024;

/** Reads a text as another reader does, which isn't made for a short text that comes whole and holds nothing. */
export class PatientReader implements TextReader {
  readonly #sought: { readonly index: KnownIndex; readonly keywords: KeywordIndex | undefined };
  readonly #make: () => TextReader;
  #reader: TextReader | undefined;

  /** `sought`: what `make`'s reader searches for. */
  constructor(
    sought: { readonly index: KnownIndex; readonly keywords: KeywordIndex | undefined },
    make: () => TextReader,
  ) {
    this.#sought = sought;
    this.#make = make;
  }

  write(bytes: Buffer, last = false): void {
    if (this.#reader === undefined) {
      const { index, keywords } = this.#sought;
      if (last && bytes.length < SHORT_BYTES && holdsNothing(index, keywords, bytes)) return;
      this.#reader = this.#make();
    }
    this.#reader.write(bytes, last);
  }

  settle(): void {
    this.#reader?.settle();
  }

  boundary(): void {
    this.#reader?.boundary();
  }

  get safe(): number {
    return this.#reader?.safe ?? 0;
  }
}
