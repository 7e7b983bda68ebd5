import { BASE32_LOWER, BASE32_UPPER } from "../decode/base32.ts";
import { HEX_VALUES, TEXT, VALUES } from "../decode/base64-values.ts";
import { LIST } from "../decode/byte-lists.ts";
import { LEADS, PAIRS } from "../decode/leads.ts";
import { MAGIC_PAIRS } from "../decode/telling.ts";
import { UNREADABLE_PAIRS } from "../decode/unreadable-formats.ts";
import * as layout from "./layout.ts";
import { machine } from "./machine.ts";
import { nibbleTables } from "./nibbles.ts";

/** Where something encoded may begin in a slice: indexes, in order. */
export interface Sieved {
  /** runs of base64 or hex of `RUN_CHARS` that may say something; each up to where it ends */
  readonly runs: Uint16Array;
  /** first of two bytes that a spelling of `leads.ts` may begin with */
  readonly leads: Uint16Array;
  /** first of two bytes that compressed data may begin with */
  readonly magics: Uint16Array;
  /** sixteen bytes of base32 in upper case, in lower case */
  readonly uppers: Uint16Array;
  readonly lowers: Uint16Array;
  /** sixteen bytes of a list of bytes that stand behind sixteen others; in all those before, or in them, there is a number */
  readonly lists: Uint16Array;
}

/** Bytes that are looked at together. */
export const { SLICE_BYTES } = layout;

const NONE = new Uint16Array(0);
const NO_PLACES = new Uint32Array(0);

/**
 * Looks once at `bytes`, `SLICE_BYTES` at the most, for all that may be encoded there. Of the last byte, which may begin
 * something with the next, only `runs` says something. It may say more than there is, never less.
 */
export function sieve(bytes: Uint8Array): Sieved {
  made ??= new Sieve();
  return made.look(bytes);
}

/** What one run of base64 may say, by a bit for each of the four characters at which it can begin. */
export interface Surveyed {
  /** those in which text is that long */
  readonly phases: number;
  /** where compressed data may begin: index of a character of the run, times four, and which of its three bytes */
  readonly magics: Uint32Array;
}

/** `run`: `SLICE_BYTES` of base64 characters at the most. `pairs`: of characters over which text has to go on, 13 to 22. */
export function survey(run: Uint8Array, pairs: number): Surveyed {
  made ??= new Sieve();
  return made.survey(run, pairs);
}

let made: Sieve | undefined;

class Sieve {
  readonly #machine = machine();
  readonly #counts: Uint32Array;
  readonly #places: Uint16Array;

  constructor() {
    const { buffer } = this.#machine.code.memory;
    this.#counts = new Uint32Array(buffer, layout.COUNTS, 6);
    this.#places = new Uint16Array(buffer);
    this.#fill();
  }

  look(bytes: Uint8Array): Sieved {
    const { memory, code } = this.#machine;
    memory.set(bytes, layout.INPUT);
    code.sieve(bytes.length);
    const counts = this.#counts;
    return {
      runs: this.#listAt(layout.RUNS, counts[0] as number),
      leads: this.#listAt(layout.LEADS, counts[1] as number),
      magics: this.#listAt(layout.MAGICS, counts[2] as number),
      uppers: this.#listAt(layout.UPPERS, counts[3] as number),
      lowers: this.#listAt(layout.LOWERS, counts[4] as number),
      lists: this.#listAt(layout.LISTS, counts[5] as number),
    };
  }

  survey(run: Uint8Array, pairs: number): Surveyed {
    const { memory, code, places } = this.#machine;
    memory.set(run, layout.INPUT);
    const told = code.survey(run.length, pairs);
    // of more than there is room for all is decoded
    const count = told >>> 4;
    return count > layout.PLACE_MASK
      ? { phases: 15, magics: NO_PLACES }
      : { phases: told & 15, magics: places.subarray(0, count) };
  }

  /** A copy: what is found is read, and that asks again. */
  #listAt(address: number, count: number): Uint16Array {
    return count === 0 ? NONE : this.#places.slice(address / 2, address / 2 + count);
  }

  #fill(): void {
    const { memory } = this.#machine;
    const magicFirsts = classOf(MAGIC_PAIRS.map((pair) => pair >> 8));
    const separators = LIST.map((kind) => (kind === 1 ? 1 : 0));
    const numbers = LIST.map((kind) => (kind === 2 ? 1 : 0));
    const characters = VALUES.map((value) => (value === 64 ? 0 : 1));
    const [run = 0, magic = 0] = this.#classes(layout.RUN_NIBBLES, [characters, magicFirsts]);
    const [upper = 0, lower = 0] = this.#classes(layout.BASE32_NIBBLES, [BASE32_UPPER, BASE32_LOWER]);
    const [, number = 0] = this.#classes(layout.LIST_NIBBLES, [separators, numbers]);
    this.#classes(layout.LEAD_NIBBLES, [LEADS]);
    this.#classes(layout.MAGIC_FIRST_NIBBLES, [magicFirsts]);
    this.#classes(layout.MAGIC_SECOND_NIBBLES, [classOf(MAGIC_PAIRS.map((pair) => pair & 255))]);
    memory.set([run, magic, upper, lower, number], layout.RUN_BITS);
    memory.set(
      TEXT.subarray(0, 16).map((is) => (is === 1 ? 255 : 0)),
      layout.LOW_TEXT,
    );
    memory.set(VALUES, layout.VALUES);
    memory.set(HEX_VALUES, layout.HEX_VALUES);
    memory.set(TEXT, layout.TEXT);
    // behind a line end, also a written one, a run may go on
    const ends = characters.map((is, byte) => (is === 1 || [0x0a, 0x0d, 0x5c].includes(byte) ? 0 : 1));
    memory.set(ends, layout.ENDS);
    memory.set(classOf(UNREADABLE_PAIRS.map((pair) => pair >> 8)), layout.UNREADABLE_FIRST);
    memory.writeUInt32LE(UNREADABLE_PAIRS.length, layout.UNREADABLE_COUNT);
    for (const [i, pair] of UNREADABLE_PAIRS.entries())
      memory.writeUInt16LE(pair, layout.UNREADABLE_PAIRS + 2 * i);
    memory.set(PAIRS, layout.PAIRS);
    for (const pair of MAGIC_PAIRS)
      memory[layout.PAIRS + pair] = (memory[layout.PAIRS + pair] ?? 0) | layout.MAGIC_BIT;
  }

  #classes(address: number, classes: readonly Uint8Array[]): readonly number[] {
    const { tables, bits } = nibbleTables(classes);
    this.#machine.memory.set(tables, address);
    return bits;
  }
}

function classOf(bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}
