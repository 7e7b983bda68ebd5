import { freeInflater, takeInflater } from "./free-inflaters.ts";
import type { Inflater } from "./inflater.ts";
import { SLICE_BYTES } from "./limits.ts";
import type { Member, MemberOutlet } from "./member.ts";
import { MemberHead } from "./member-head.ts";
import type { TextReader } from "./respelled.ts";

/** A member of gzip, the data of zlib or an entry of a zip archive: it is inflated and read as it comes. */
export class DeflatedMember implements Member {
  readonly #head: MemberHead;
  readonly #start: number;
  readonly #outlet: MemberOutlet;
  #inflater: Inflater | undefined;
  #reader: TextReader | undefined;
  #inflated = 0;
  #over = false;
  /** in turn: bytes inflated, and the text offset up to which they were compressed */
  #places = NO_PLACES;

  /** `start`: where it begins in the text. */
  constructor(format: MemberHead["format"], start: number, outlet: MemberOutlet) {
    this.#start = start;
    this.#head = new MemberHead(format);
    this.#outlet = outlet;
  }

  get over(): boolean {
    return this.#over;
  }

  get open(): number {
    const safe = this.#reader?.safe ?? Number.POSITIVE_INFINITY;
    const places = this.#places;
    if (this.#over || safe >= this.#inflated) return Number.POSITIVE_INFINITY;
    // what was read before the last place whose bytes may all go
    let at = 0;
    while (at + 2 < places.length && (places[at + 2] as number) <= safe) at += 2;
    if (at > 0) this.#places = places.slice(at);
    return this.#places[1] ?? 0;
  }

  write(bytes: Buffer, from: number, base: number): void {
    let i = from;
    if (!this.#inflater) {
      i = this.#head.write(bytes, i);
      if (this.#head.unreadable !== undefined) this.#outlet.unreadable(this.#head.unreadable, false);
      if (this.#head.wrong) this.#over = true;
      if (!this.#head.done || i === bytes.length) return;
      this.#inflater = takeInflater((inflated, ended) => this.#take(inflated, ended));
      this.#places = [0, base + i];
    }
    while (i < bytes.length && !this.#over) {
      const slice = i + SLICE_BYTES < bytes.length ? bytes.subarray(0, i + SLICE_BYTES) : bytes;
      i = this.#inflater.write(slice, i);
      if (this.#over || this.#inflater.ended || this.#inflater.broken) {
        this.end();
        return;
      }
      if (this.#places.at(-2) !== this.#inflated) this.#places.push(this.#inflated, base + i);
      else this.#places[this.#places.length - 1] = base + i;
      if (this.#places.length > 2 * PLACES) void this.open;
    }
  }

  settle(): void {
    this.#reader?.settle();
  }

  boundary(): void {
    this.#reader?.boundary();
  }

  end(): void {
    if (this.#inflater) freeInflater(this.#inflater);
    this.#inflater = undefined;
    if (this.#over) return;
    this.#over = true;
    this.#reader?.write(EMPTY, true);
  }

  #take(inflated: Buffer, ended: boolean): void {
    if (this.#over) return;
    this.#inflated += inflated.length;
    this.#reader ??= this.#outlet.reader(this.#head.format, this.#start);
    this.#over = ended;
    if (this.#outlet.inflated(inflated.length)) this.#reader.write(inflated, ended);
    else this.#over = true;
  }
}

const EMPTY = Buffer.alloc(0);
const NO_PLACES: number[] = [];
/** Places after which those that are done with are dropped. */
const PLACES = 64;
