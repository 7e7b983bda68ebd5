import { CompressedMembers } from "./decode/compressed-members.ts";
import { DROPPED_ESCAPES } from "./decode/dropped-escapes.ts";
import { type DecodedRun, EncodedRuns, LANES } from "./decode/encoded-runs.ts";
import { freeGathered, type GatheredRuns, type ShortRun, takeGathered } from "./decode/gathered-runs.ts";
import { DEPTH } from "./decode/limits.ts";
import { LOOK_ALIKES } from "./decode/look-alikes.ts";
import { mostInflated } from "./decode/most-inflated.ts";
import type { TextReader } from "./decode/respelled.ts";
import { Respellings } from "./decode/respellings.ts";
import { SparseRuns } from "./decode/sparse-runs.ts";
import { mayHoldCompressed } from "./decode/telling.ts";
import { nested, type ViewFindings } from "./decode/view-findings.ts";
import type { KnownIndex, SecretForm } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { PatientReader } from "./patient-reader.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";
import { holdNothing, holdsNothing } from "./quick-look.ts";
import { SLICE_BYTES, sieve } from "./simd/sieve.ts";

/** What a text and all that is encoded in it are searched for. */
export interface Sought {
  readonly index: KnownIndex;
  readonly keywords: KeywordIndex | undefined;
  /** bytes of the present message, and what all that is compressed in it became */
  seen: number;
  inflated: number;
}

/** Decoded bytes of a run that are looked at as a whole before anything is made to read them. */
const SHORT_BYTES = 1024;

/** Finds in a text itself that are remembered, so that they are no news when a stretch is read that holds them. */
const NOTED_COUNT = 16;

/** Searches what the encoded parts of one text say, and what is encoded or compressed inside that. */
export class EncodedViews {
  readonly #sought: Sought;
  readonly #depth: number;
  readonly #found: ViewFindings;
  readonly #runs = new EncodedRuns(
    (run) => this.#run(run),
    (said, length, hex, start, end, plain) => {
      if (this.#gathered?.hasRoom(length) === false) this.#emptyGathered();
      this.#gathered ??= takeGathered();
      this.#gathered.add(said, length, hex, start, end, plain);
    },
  );
  #gathered: GatheredRuns | undefined;
  readonly #sparse = new SparseRuns((run) => this.#readRun(run, true));
  readonly #respellings: Respellings;
  readonly #members: CompressedMembers | undefined;
  /** what is compressed in a run, by lane; where the run goes on, so may that */
  #lanes: (CompressedMembers | undefined)[] | undefined;
  #seen = 0;
  #noted: { readonly name: string; readonly start: number; readonly end: number }[] | undefined;

  /** `depth`: the encodings around the text. `members`: what is compressed in it is read. */
  constructor(sought: Sought, depth: number, found: ViewFindings, members = true) {
    this.#sought = sought;
    this.#depth = depth;
    this.#found = found;
    this.#respellings = new Respellings((spelling, places) => {
      const { encoding, replaceable } = spelling;
      const find = (name: string, from: number, to: number, tell: (start: number, end: number) => void) => {
        const start = places.of(from);
        // A separator behind the last character is no part of it.
        const end = spelling === DROPPED_ESCAPES ? places.of(to - 1) + 1 : places.of(to);
        // What stands there as it is was found in the text itself.
        if (end - start !== to - from || !this.#isNoted(name, start, end)) tell(start, end);
      };
      // Known secrets alone: of a text without separators words side by side may look like a token.
      const [of, inside] =
        spelling === DROPPED_ESCAPES ? [{ ...sought, keywords: undefined }, DEPTH] : [sought, depth + 1];
      const told: ViewFindings = {
        secret: (form, inner, from, to, whole) =>
          find(form.secret.name, from, to, (start, end) =>
            found.secret(form, nested(encoding, inner), start, end, replaceable && whole),
          ),
        pattern: (rule, inner, from, to, whole) =>
          find(rule, from, to, (start, end) =>
            found.pattern(rule, nested(encoding, inner), start, end, replaceable && whole),
          ),
        unreadable: (what, tooLarge, inner, from, to) => {
          // Folding changes bytes: what is no compressed data any more then was perhaps some before, and was read there.
          if (encoding !== LOOK_ALIKES.encoding)
            found.unreadable(what, tooLarge, nested(encoding, inner), places.of(from), places.of(to));
        },
      };
      return new PatientReader(of, () => new ViewReader(of, inside, told));
    });
    if (members) this.#members = this.#newMembers(depth, (start) => [start, this.#seen]);
  }

  /** Text offset of the first byte of something encoded that goes on; all bytes seen when nothing does. */
  get open(): number {
    return Math.min(
      this.#runs.open,
      this.#sparse.open,
      this.#respellings.open,
      this.#members?.open ?? this.#seen,
    );
  }

  /** The text is to be searched before its views are. */
  write(bytes: Buffer, last: boolean): void {
    if (bytes.length <= SLICE_BYTES) this.#write(bytes, last);
    else
      for (let from = 0; from < bytes.length; from += SLICE_BYTES)
        this.#write(bytes.subarray(from, from + SLICE_BYTES), last && from + SLICE_BYTES >= bytes.length);
  }

  #write(bytes: Buffer, last: boolean): void {
    const sieved = sieve(bytes);
    this.#seen += bytes.length;
    if (this.#depth === 0) this.#sought.seen += bytes.length;
    this.#members?.write(bytes, last, sieved.magics);
    this.#respellings.write(bytes, last, sieved.leads);
    this.#runs.write(bytes, last, sieved.runs);
    this.#emptyGathered();
    this.#sparse.write(bytes, last, sieved);
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
    this.#emptyGathered();
    this.#sparse.settle();
    this.#respellings.settle();
    this.#members?.settle();
  }

  /** A message ends here: the next one may hold as much that is compressed. */
  boundary(): void {
    this.#runs.settle();
    this.#emptyGathered();
    this.#sparse.settle();
    this.#respellings.boundary();
    this.#members?.boundary();
    if (this.#depth > 0) return;
    this.#sought.seen = 0;
    this.#sought.inflated = 0;
  }

  #isNoted(name: string, start: number, end: number): boolean {
    return (
      this.#noted?.some((noted) => noted.name === name && noted.start <= start && noted.end >= end) === true
    );
  }

  /** Reads what short runs say. */
  #emptyGathered(): void {
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    const { index, keywords } = this.#sought;
    gathered.empty(
      (bytes) => holdNothing(index, keywords, bytes),
      (run) => this.#readRun(run, false),
    );
    freeGathered(gathered);
  }

  #run(run: DecodedRun): boolean {
    this.#emptyGathered();
    const { decoded, encoding, start, end, lane, known } = run;
    if (run.telling) this.#readRun(run, false);
    if (this.#depth + 1 === DEPTH) return false;
    // most of what is short holds nothing compressed, and nothing has to be made to read it
    if (decoded.length < SHORT_BYTES && known === 0 && !mayHoldCompressed(decoded)) return false;
    this.#lanes ??= new Array<CompressedMembers | undefined>(LANES);
    const members =
      (known > 0 ? this.#lanes[lane] : undefined) ??
      this.#newMembers(this.#depth + 1, () => [start, end], encoding);
    const fresh = decoded.subarray(known);
    members.write(fresh, false, sieve(fresh).magics);
    members.settle();
    this.#lanes[lane] = members.active ? members : undefined;
    return members.active;
  }

  /** A secret that only base64 or hex is around is found in the text itself too, where it can be replaced. */
  #readRun({ decoded, encoding, start, end, plain }: ShortRun, members: boolean): void {
    const { index, keywords } = this.#sought;
    if (decoded.length < SHORT_BYTES && holdsNothing(index, keywords, decoded)) return;
    const places: DecodedPlace[] = [];
    const found = this.#found;
    new ViewReader(
      this.#sought,
      this.#depth + 1,
      {
        secret: (form, inner, from, to) => places.push({ form, inner, from, to }),
        pattern: (rule, inner) => found.pattern(rule, nested(encoding, inner), start, end, true),
        unreadable: (what, tooLarge, inner) =>
          found.unreadable(what, tooLarge, nested(encoding, inner), start, end),
      },
      members,
    ).write(decoded, true);
    // Part of it may be spelled alike in another way, too. In changed case or with separators it is not found there.
    const raw = plain ? places.filter((place) => place.inner === "raw" && isAsItIs(place, decoded)) : [];
    for (const { form, inner, from, to } of places)
      if (!raw.some((whole) => whole.form.secret === form.secret && from >= whole.from && to <= whole.to))
        found.secret(form, nested(encoding, inner), start, end, true);
  }

  /** `around`: the encodings around what is compressed, `depth` of them in all. */
  #newMembers(
    depth: number,
    place: (start: number) => readonly [start: number, end: number],
    around = "raw",
  ): CompressedMembers {
    const sought = this.#sought;
    const found = this.#found;
    return new CompressedMembers({
      reader: (format, start) => {
        const encoding = around === "raw" ? format : nested(around, format);
        const told: ViewFindings = {
          secret: (form, inner) => found.secret(form, nested(encoding, inner), ...place(start), false),
          pattern: (rule, inner) => found.pattern(rule, nested(encoding, inner), ...place(start), false),
          unreadable: (what, tooLarge, inner) =>
            found.unreadable(what, tooLarge, nested(encoding, inner), ...place(start)),
        };
        return new PatientReader(sought, () => new ViewReader(sought, depth + 1, told));
      },
      inflated: (count) => {
        sought.inflated += count;
        if (sought.inflated <= mostInflated(sought.seen)) return true;
        found.unreadable("compressed data that become too large", true, around, ...place(0));
        return false;
      },
      unreadable: (what, tooLarge) => found.unreadable(what, tooLarge, around, ...place(0)),
    });
  }
}

/** Where a secret was found in what a run says. */
interface DecodedPlace {
  readonly form: SecretForm;
  readonly inner: string;
  readonly from: number;
  readonly to: number;
}

function isAsItIs({ form, from, to }: DecodedPlace, decoded: Buffer): boolean {
  return Buffer.from(form.secret.value.reveal(), "utf8").includes(decoded.subarray(from, to));
}

/** Reads what an encoding says: for what is sought as it stands, and for what is encoded in it. */
class ViewReader implements TextReader {
  readonly #known: KnownMatcher;
  readonly #patterns: PatternMatcher | undefined;
  readonly #views: EncodedViews | undefined;

  /** `members`: what is compressed in it is read. */
  constructor(sought: Sought, depth: number, found: ViewFindings, members = true) {
    const views = depth < DEPTH ? new EncodedViews(sought, depth, found, members) : undefined;
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
