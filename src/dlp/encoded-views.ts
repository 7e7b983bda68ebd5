import { EncodedRuns } from "./decode/encoded-runs.ts";
import { inflate } from "./decode/inflate.ts";
import { DEPTH, INFLATED_TOTAL_BYTES } from "./decode/limits.ts";
import type { TextReader } from "./decode/respelled.ts";
import { Respellings } from "./decode/respellings.ts";
import { nested, type ViewFindings } from "./decode/view-findings.ts";
import type { KnownIndex, SecretForm } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";

/** What a text and all that is encoded in it are searched for. */
export interface Sought {
  readonly index: KnownIndex;
  readonly keywords: KeywordIndex | undefined;
  /** bytes that compressed data of the present message grew to */
  inflated: number;
}

/** Finds in a text itself that are remembered, so that they are no news when a stretch is read that holds them. */
const NOTED_COUNT = 16;

/** Searches what the encoded parts of one text say, and what is encoded or compressed inside that. */
export class EncodedViews {
  readonly #sought: Sought;
  readonly #depth: number;
  readonly #found: ViewFindings;
  readonly #runs = new EncodedRuns((view, encoding, start, end) => this.#run(view, encoding, start, end));
  readonly #respellings: Respellings;
  #noted: { readonly name: string; readonly start: number; readonly end: number }[] | undefined;

  /** `depth`: the encodings around the text. */
  constructor(sought: Sought, depth: number, found: ViewFindings) {
    this.#sought = sought;
    this.#depth = depth;
    this.#found = found;
    this.#respellings = new Respellings(({ encoding, replaceable }, places) => {
      const find = (name: string, from: number, to: number, tell: (start: number, end: number) => void) => {
        const start = places.of(from);
        const end = places.of(to);
        // What stands there as it is was found in the text itself.
        if (end - start !== to - from || !this.#isNoted(name, start, end)) tell(start, end);
      };
      return new ViewReader(sought, depth + 1, {
        secret: (form, inner, from, to, whole) =>
          find(form.secret.name, from, to, (start, end) =>
            found.secret(form, nested(encoding, inner), start, end, replaceable && whole),
          ),
        pattern: (rule, inner, from, to, whole) =>
          find(rule, from, to, (start, end) =>
            found.pattern(rule, nested(encoding, inner), start, end, replaceable && whole),
          ),
      });
    });
  }

  /** Text offset of the first byte of something encoded that goes on; all bytes seen when nothing does. */
  get open(): number {
    return Math.min(this.#runs.open, this.#respellings.open);
  }

  /** The text is to be searched before its views are. */
  write(bytes: Buffer, last: boolean): void {
    this.#respellings.write(bytes, last);
    this.#runs.write(bytes, last);
  }

  /** What was found in the text itself. */
  note(name: string, start: number, end: number): void {
    this.#noted ??= [];
    this.#noted.push({ name, start, end });
    if (this.#noted.length > NOTED_COUNT) this.#noted.shift();
  }

  /** Reads what there is of something that goes on. */
  settle(): void {
    this.#runs.settle();
    this.#respellings.settle();
  }

  /** A message ends here: the next one may hold as much that is compressed. */
  boundary(): void {
    this.#runs.settle();
    this.#respellings.boundary();
    this.#sought.inflated = 0;
  }

  #isNoted(name: string, start: number, end: number): boolean {
    return (
      this.#noted?.some((noted) => noted.name === name && noted.start <= start && noted.end >= end) === true
    );
  }

  #run(view: Buffer, encoding: string, start: number, end: number): void {
    const places: { form: SecretForm; inner: string; from: number; to: number }[] = [];
    const { pattern } = this.#found;
    this.#read(view, this.#depth + 1, {
      secret: (form, inner, from, to) => places.push({ form, inner, from, to }),
      pattern: (rule, inner) => pattern(rule, nested(encoding, inner), start, end, false),
    });
    // A secret that only base64 or hex is around is found in the text itself, where it can be replaced. Part of it
    // may be spelled alike in another way, too.
    const plain = places.filter(({ inner }) => inner === "raw");
    for (const { form, inner, from, to } of places)
      if (!plain.some((raw) => raw.form.secret === form.secret && from >= raw.from && to <= raw.to))
        this.#found.secret(form, nested(encoding, inner), start, end, false);
  }

  #read(view: Buffer, depth: number, found: ViewFindings): void {
    new ViewReader(this.#sought, depth, found).write(view, true);
    if (depth < DEPTH) this.#inflate(view, depth, found);
  }

  #inflate(view: Buffer, depth: number, found: ViewFindings): void {
    const sought = this.#sought;
    const bomb = inflate(view, (inflated, format) => {
      sought.inflated += inflated.length;
      if (sought.inflated <= INFLATED_TOTAL_BYTES)
        this.#read(inflated, depth + 1, {
          secret: (form, inner) => found.secret(form, nested(format, inner), 0, view.length, false),
          pattern: (rule, inner) => found.pattern(rule, nested(format, inner), 0, view.length, false),
        });
    });
    if (bomb || sought.inflated > INFLATED_TOTAL_BYTES)
      found.pattern("compression-bomb", "raw", 0, view.length, false);
  }
}

/** Reads what an encoding says: for what is sought as it stands, and for what is encoded in it. */
class ViewReader implements TextReader {
  readonly #known: KnownMatcher;
  readonly #patterns: PatternMatcher | undefined;
  readonly #views: EncodedViews | undefined;

  constructor(sought: Sought, depth: number, found: ViewFindings) {
    const views = depth < DEPTH ? new EncodedViews(sought, depth, found) : undefined;
    this.#views = views;
    this.#known = new KnownMatcher(sought.index, (form, start, end) => {
      views?.note(form.secret.name, start, end);
      found.secret(form, form.encoding, start, end, true);
    });
    this.#patterns =
      sought.keywords &&
      new PatternMatcher(sought.keywords, (rule, start, end, whole) => {
        views?.note(rule, start, end);
        found.pattern(rule, "raw", start, end, whole);
      });
  }

  write(bytes: Buffer, last = false): void {
    this.#known.write(bytes, last);
    this.#patterns?.write(bytes, last);
    this.#views?.write(bytes, last);
  }

  settle(): void {
    this.#known.settle();
    this.#views?.settle();
  }

  boundary(): void {
    this.#known.settle();
    this.#patterns?.boundary();
    this.#views?.boundary();
  }

  get safe(): number {
    const open = Math.min(this.#known.open, this.#patterns?.open ?? this.#known.open);
    return Math.min(open, this.#views?.open ?? open);
  }
}
