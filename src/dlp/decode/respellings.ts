import { DROPPED_ESCAPES, mayTell } from "./dropped-escapes.ts";
import { LEADS, PAIRS, SPELLINGS } from "./leads.ts";
import { AROUND_BYTES } from "./limits.ts";
import { type NewReader, Respelled } from "./respelled.ts";
import { MORE, newSpelled, type Spelled, type Spelling } from "./spelling.ts";

/** Looks in one text, as it comes, for all that is spelled in escapes or look-alikes: one pass finds where it begins. */
export class Respellings {
  readonly #newReader: NewReader;
  /** made when first needed, as the stretches are */
  #spelled: Spelled | undefined;
  #stretches: (Respelled | undefined)[] = NONE;
  #active = 0;
  /** bits of those that no stretch is open of */
  #idle = ALL;
  #total = 0;
  #settled = 0;
  /** the end of what came, where only more bytes can tell what it spells */
  #rest: Buffer = EMPTY;
  /** up to `AROUND_BYTES` before it */
  #before: Buffer = EMPTY;

  constructor(newReader: NewReader) {
    this.#newReader = newReader;
  }

  /** Text offset of the first byte of something unfinished; all bytes seen when there is none. */
  get open(): number {
    let open = this.#total;
    if (this.#rest.length > 0)
      open = Math.max(this.#settled, this.#total - this.#rest.length - AROUND_BYTES, 0);
    if (this.#active > 0)
      for (const stretch of this.#stretches) if (stretch?.active) open = Math.min(open, stretch.open);
    return open;
  }

  /** `leads`: where something may be spelled otherwise in `bytes`, but for the last of them, as the sieve says. */
  write(bytes: Buffer, last: boolean, leads: Uint16Array): void {
    const text = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const base = this.#total - this.#rest.length;
    this.#total += bytes.length;
    if (this.#spelled) this.#spelled.before = this.#before;
    const stop = Math.min(this.#goOn(text, base, last), this.#search(text, base, last, leads));
    if (last) {
      this.#rest = EMPTY;
      return;
    }
    const before = text.subarray(Math.max(0, stop - AROUND_BYTES), stop);
    this.#before =
      before.length < AROUND_BYTES
        ? Buffer.concat([this.#before, before]).subarray(-AROUND_BYTES)
        : Buffer.from(before);
    this.#rest = stop === text.length ? EMPTY : Buffer.from(text.subarray(stop));
  }

  settle(): void {
    this.#settled = this.#total;
    for (const stretch of this.#stretches) stretch?.settle();
  }

  boundary(): void {
    this.#settled = this.#total;
    for (const stretch of this.#stretches) stretch?.boundary();
  }

  /** Reads on in the stretches that are open. Index from which on only more bytes can tell. */
  #goOn(text: Buffer, base: number, last: boolean): number {
    if (this.#active === 0) return text.length;
    let stop = text.length;
    for (const stretch of this.#stretches) {
      if (!stretch?.active) continue;
      const to = stretch.go(text, base, last, this.#scratch());
      if (stretch.active) stop = Math.min(stop, to);
      else this.#ended(stretch);
    }
    return stop;
  }

  #search(text: Buffer, base: number, last: boolean, leads: Uint16Array): number {
    const before = this.#rest.length;
    let stop = text.length;
    for (let i = 0; i < before; i++) {
      const bits = this.#bitsAt(text, i);
      if (bits !== 0) stop = Math.min(stop, this.#lookAt(text, i, bits, base, last));
    }
    for (let k = 0; k < leads.length; k++) {
      const i = before + (leads[k] as number);
      const bits = this.#bitsAt(text, i);
      if (bits !== 0) stop = Math.min(stop, this.#lookAt(text, i, bits, base, last));
    }
    if (before < text.length) {
      const bits = this.#bitsAt(text, text.length - 1);
      if (bits !== 0) stop = Math.min(stop, this.#lookAt(text, text.length - 1, bits, base, last));
    }
    return stop;
  }

  /** The spellings that may begin a stretch at `i`. */
  #bitsAt(text: Buffer, i: number): number {
    const lead = text[i] as number;
    const bits = (
      i + 1 === text.length ? LEADS[lead] : PAIRS[(lead << 8) | (text[i + 1] as number)]
    ) as number;
    const idle = bits & this.#idle;
    return (idle & DROPPED_ESCAPES.bit) === 0 || mayTell(text, i) ? idle : idle & ~DROPPED_ESCAPES.bit;
  }

  /** Index from which on only more bytes can tell what is spelled at `i`; the end of the text where nothing is. */
  #lookAt(text: Buffer, i: number, bits: number, base: number, last: boolean): number {
    const spelled = this.#scratch();
    let stop = text.length;
    for (let number = 0; number < SPELLINGS.length; number++) {
      const spelling = SPELLINGS[number] as Spelling;
      if ((bits & spelling.bit) === 0) continue;
      const known = this.#stretches[number];
      if (known && known.at > base + i) continue;
      const taken = spelling.read(text, i, last, spelled);
      if (taken === MORE) stop = Math.min(stop, i);
      if (taken <= 0 || !spelled.telling) continue;
      const stretch = known ?? new Respelled(spelling, this.#newReader);
      if (this.#stretches === NONE) this.#stretches = [];
      this.#stretches[number] = stretch;
      this.#active++;
      this.#idle &= ~spelling.bit;
      const read = stretch.start(i, text, base, this.#before, last, spelled);
      if (stretch.active) stop = Math.min(stop, read);
      else this.#ended(stretch);
    }
    return stop;
  }

  #scratch(): Spelled {
    if (!this.#spelled) {
      this.#spelled = newSpelled();
      this.#spelled.before = this.#before;
    }
    return this.#spelled;
  }

  #ended(stretch: Respelled): void {
    this.#active--;
    this.#idle |= stretch.spelling.bit;
  }
}

const NONE: (Respelled | undefined)[] = [];
const EMPTY = Buffer.alloc(0);
const ALL = SPELLINGS.reduce((bits, { bit }) => bits | bit, 0);
