import { isAscii } from "node:buffer";
import type { InjectionFinding, Place } from "./finding.ts";
import { letterOf } from "./fold.ts";
import { gradeWindow } from "./grade-window.ts";
import { type LetterWords, runLetters, step } from "./letter-automaton.ts";
import { BEFORE_BYTES, BEHIND_BYTES, OPEN_ORDER_BYTES, TOGETHER_BYTES } from "./limits.ts";
import { TRIGGERS } from "./rules.ts";
import { hasDisguise, InvisibleRun } from "./suspicious.ts";
import { foreignTriggers, LETTER_CLASSES, latinTriggers } from "./trigger-words.ts";
import { WORD } from "./word-class.ts";

const BLOCK_BYTES = 8192;
const HISTORY_BYTES = BEFORE_BYTES + BEHIND_BYTES + TOGETHER_BYTES;
const MASKS = 2 ** 32;
/** Characters of a word before its end, for where an order begins. */
const WORD_BYTES = 24;

let latin: LetterWords | undefined;
let foreign: LetterWords | undefined;

/** The words of Latin script that every text is watched for; made when first needed. */
export function latinWords(): LetterWords {
  latin ??= latinTriggers();
  return latin;
}

/** Those of other scripts. */
export function foreignWords(): LetterWords {
  foreign ??= foreignTriggers();
  return foreign;
}

/** The words of the block that is being scanned, in whichever text: `at * MASKS + mask`. */
let hits = new Float64Array(64);
let hitCount = 0;
const NOTHING = Buffer.alloc(0);

/** A stretch that is to be read closely once the text has come as far as `until`. */
interface Stretch {
  readonly from: number;
  /** where words came together */
  readonly at: number;
  readonly until: number;
}

/**
 * Watches one stream of text for words of an injection that come together, and has the stretch around them graded.
 * What it finds depends on the bytes and on where messages end, not on how the bytes were cut.
 */
export class Watch {
  readonly #place: Place;
  readonly #latin: LetterWords;
  readonly #foreign: LetterWords;
  readonly #invisible = new InvisibleRun();
  #state = 0;
  #foreignState = 0;
  /** a character that is not complete yet, and how many bytes it lacks */
  #codePoint = 0;
  #lacks = 0;
  /** classes seen in this stretch of `TOGETHER_BYTES` and in the one before it */
  #bucket = 0;
  #here = 0;
  #before = 0;
  #stretch: Stretch | undefined;
  #readTo = 0;
  #lastOrder = -1;
  #total = 0;
  #lastByte = 0;
  /** the end of what was written before, and how much of it is filled */
  #history = NOTHING;
  #kept = 0;
  #block: Buffer | undefined;
  #blockStart = 0;
  #found: InjectionFinding | undefined;

  constructor(place: Place) {
    this.#place = place;
    this.#latin = latinWords();
    this.#foreign = foreignWords();
  }

  /** Bytes written so far. */
  get total(): number {
    return this.#total;
  }

  get found(): InjectionFinding | undefined {
    return this.#found;
  }

  write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length && this.#found?.grade !== "block"; from += BLOCK_BYTES)
      this.#scan(bytes.subarray(from, from + BLOCK_BYTES));
  }

  /** The text, or a message, ends here for now: what is open is graded as it stands. */
  settle(): void {
    if (this.#stretch) this.#grade(this.#stretch, Math.min(this.#total, this.#stretch.until));
    this.#stretch = undefined;
    this.#lastOrder = -1;
  }

  /** What comes next has nothing to do with what came before. */
  forget(): void {
    this.settle();
    this.#state = 0;
    this.#foreignState = 0;
    this.#here = 0;
    this.#before = 0;
  }

  /** Where something begins that may become an injection; `total` when nothing has. */
  get open(): number {
    const stretch = this.#stretch;
    if (stretch) {
      const grade = gradeWindow(this.#text(stretch.from, this.#total), this.#place);
      if (grade) return Math.max(stretch.from, stretch.at - TOGETHER_BYTES);
    }
    if (this.#lastOrder >= 0 && this.#total - this.#lastOrder < OPEN_ORDER_BYTES && this.#lastByte !== 0x0a)
      return Math.max(0, this.#lastOrder - WORD_BYTES);
    return this.#total;
  }

  #scan(block: Buffer): void {
    this.#block = block;
    hitCount = 0;
    this.#blockStart = this.#total;
    this.#total += block.length;
    const plain = isAscii(block);
    if (!plain)
      this.#foreignState = runLetters(this.#foreign.automaton, block, this.#foreignState, onForeign);
    if (this.#lacks > 0 || (!plain && hasDisguise(block, 0, block.length))) this.#scanCharacters(block);
    else this.#state = runLetters(this.#latin.automaton, block, this.#state, onLatin);
    if (hitCount > 0) this.#takeHits();
    this.#lastByte = block[block.length - 1] ?? 0;
    if (this.#stretch && this.#stretch.until <= this.#total) this.#finish(this.#stretch);
    this.#keep(block);
    this.#block = undefined;
  }

  /** As the automaton's own loop, but characters that look like our letters count as them. */
  #scanCharacters(block: Buffer): void {
    const { automaton } = this.#latin;
    let state = this.#state;
    for (let i = 0; i < block.length; i++) {
      const byte = block[i] as number;
      let symbol = 0;
      if (byte < 0x80) {
        this.#lacks = 0;
        symbol = LETTER_CLASSES[byte] as number;
        if (symbol !== 0) this.#invisible.add(byte);
      } else if (byte >= 0xc0) {
        this.#lacks = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        this.#codePoint = byte & (0x3f >> this.#lacks);
      } else if (this.#lacks > 0) {
        this.#codePoint = (this.#codePoint << 6) | (byte & 0x3f);
        this.#lacks--;
        if (this.#lacks === 0) {
          symbol = letterOf(this.#codePoint);
          if (this.#invisible.add(this.#codePoint)) hit(WORD.LOOK, i + 1);
        }
      }
      if (symbol === 0) continue;
      state = step(automaton, state, symbol);
      if (state >= automaton.firstOutput) onLatin(state, i + 1);
    }
    this.#state = state;
  }

  /** Takes the words of a block in the order of the text. */
  #takeHits(): void {
    const words = hits.subarray(0, hitCount).sort();
    hitCount = 0;
    let last = -1;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      if (word !== last) this.#inOrder((word % MASKS) | 0, this.#blockStart + Math.floor(word / MASKS));
      last = word;
    }
  }

  #inOrder(mask: number, at: number): void {
    const bucket = Math.floor(at / TOGETHER_BYTES);
    if (bucket !== this.#bucket) {
      this.#before = bucket === this.#bucket + 1 ? this.#here : 0;
      this.#here = 0;
      this.#bucket = bucket;
    }
    if ((mask & (WORD.OVERRIDE | WORD.CONCEAL)) !== 0) this.#lastOrder = at;
    if (this.#stretch && at > this.#stretch.until) this.#finish(this.#stretch);
    const known = (this.#here & mask) === mask;
    this.#here |= mask;
    // within a stretch that is open everything is read anyway; what is known has been compared
    if (this.#stretch || (known && at < this.#readTo)) return;
    const near = this.#here | this.#before;
    if (!TRIGGERS.some((classes) => classes.every((any) => (near & any) !== 0))) return;
    const from = Math.max(0, at - BEFORE_BYTES);
    this.#stretch = { from, at, until: at + BEHIND_BYTES };
  }

  #finish(stretch: Stretch): void {
    this.#stretch = undefined;
    this.#readTo = stretch.until;
    this.#grade(stretch, stretch.until);
  }

  #grade(stretch: Stretch, to: number): void {
    if (this.#found?.grade === "block") return;
    const grade = gradeWindow(this.#text(stretch.from, to), this.#place);
    if (grade && (this.#found === undefined || grade.grade === "block")) this.#found = grade;
  }

  /** text[from, to) out of what is kept and the block being scanned. */
  #text(from: number, to: number): Buffer {
    const keptStart = (this.#block ? this.#blockStart : this.#total) - this.#kept;
    const kept = this.#history.subarray(
      Math.max(0, from - keptStart),
      Math.max(0, Math.min(this.#kept, to - keptStart)),
    );
    if (!this.#block || to <= this.#blockStart) return kept;
    const rest = this.#block.subarray(Math.max(0, from - this.#blockStart), to - this.#blockStart);
    return kept.length === 0 ? rest : Buffer.concat([kept, rest]);
  }

  #keep(block: Buffer): void {
    const tail = block.subarray(Math.max(0, block.length - HISTORY_BYTES));
    if (this.#kept + tail.length > this.#history.length) this.#makeRoom(tail.length);
    if (tail.length < block.length) this.#kept = 0;
    this.#kept += tail.copy(this.#history, this.#kept);
  }

  /** The first bytes get the room they need, as most texts are short; then there is room for twice what must be kept. */
  #makeRoom(bytes: number): void {
    const keep = Math.min(this.#kept, HISTORY_BYTES - bytes);
    const before = this.#history;
    if (before.length < 2 * HISTORY_BYTES)
      this.#history = Buffer.allocUnsafe(before.length === 0 ? bytes : 2 * HISTORY_BYTES);
    before.copy(this.#history, 0, this.#kept - keep, this.#kept);
    this.#kept = keep;
  }
}

/** A word that ends `at` bytes into the block. One number each, so that they are put in order fast. */
function hit(mask: number, at: number): void {
  if (hitCount === hits.length) {
    const larger = new Float64Array(2 * hits.length);
    larger.set(hits);
    hits = larger;
  }
  hits[hitCount++] = at * MASKS + (mask >>> 0);
}

function onLatin(state: number, at: number): void {
  if (latin) hit(maskOf(latin, state), at);
}

function onForeign(state: number, at: number): void {
  if (foreign) hit(maskOf(foreign, state), at);
}

function maskOf({ automaton, masks }: LetterWords, state: number): number {
  return masks[state - automaton.firstOutput] ?? 0;
}
