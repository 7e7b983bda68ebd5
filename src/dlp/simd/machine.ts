import { FILTER_BYTES, FILTERS, PACKED, PLACES, SYMBOLS, WINDOW, WINDOW_BYTES } from "./layout.ts";
import { MACHINE_CODE } from "./machine-code.ts";

/** What `assembly/` exports. Numbers are bytes, symbols or words; addresses only where it says so. */
interface Code {
  readonly memory: { readonly buffer: ArrayBuffer };
  sieve(length: number): void;
  survey(length: number, least: number): number;
  reduce(length: number, before: number): number;
  findGrams(first: number, end: number, stride: number, filter: number, shift: number): number;
  findTrigrams(
    first: number,
    last: number,
    filter: number,
    shift: number,
    more: number,
    moreShift: number,
  ): number;
}

/** What of the standard (https://www.w3.org/TR/wasm-js-api-2/) is used here; TypeScript has it only among a browser's types. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Code };
};

/** Filters that are in memory at once: those of what leaves, of what comes back, of keywords. */
const FILTER_COUNT = 4;

/**
 * The code that looks at sixteen bytes at once, and its memory, which never grows. What it answers stands there until it is
 * asked again: whoever is told of a find may ask it, so answers are taken out before anybody is told.
 */
class Machine {
  readonly code: Code;
  readonly memory: Buffer;
  /** what a text was reduced to; a word of it is four symbols */
  readonly symbols: Uint8Array;
  readonly symbolWords: Uint32Array;
  /** what came before a slice, and the slice */
  readonly window: Buffer;
  readonly windowWords: Uint32Array;
  /** answers of both searches */
  readonly places: Uint32Array;
  readonly #filters: Uint8Array[] = [];
  #nextFilter = 0;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(MACHINE_CODE, "base64"));
    this.code = new WebAssembly.Instance(module, {}).exports;
    const { buffer } = this.code.memory;
    this.memory = Buffer.from(buffer);
    this.symbols = new Uint8Array(buffer, SYMBOLS, WINDOW - SYMBOLS);
    this.symbolWords = new Uint32Array(buffer, SYMBOLS, (WINDOW - SYMBOLS) / 4);
    this.window = Buffer.from(buffer, WINDOW, WINDOW_BYTES);
    this.windowWords = new Uint32Array(buffer, WINDOW, WINDOW_BYTES / 4);
    this.places = new Uint32Array(buffer, PLACES, (FILTERS - PLACES) / 4);
    for (let mask = 0; mask < 256; mask++) {
      const shuffle = [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => ((mask >> bit) & 1) === 1);
      this.memory.set(shuffle, PACKED + 8 * mask);
    }
  }

  /** Where `filter`, a bit for each hash, is in memory: bytes behind the first one. It is copied when another took its place. */
  filterAt(filter: Uint8Array): number {
    let slot = this.#filters.indexOf(filter);
    if (slot < 0) {
      slot = this.#nextFilter;
      this.#nextFilter = (slot + 1) % FILTER_COUNT;
      this.#filters[slot] = filter;
      this.memory.set(filter, FILTERS + slot * FILTER_BYTES);
    }
    return slot * FILTER_BYTES;
  }
}

let made: Machine | undefined;

/** Made when the first text is read. */
export function machine(): Machine {
  made ??= new Machine();
  return made;
}
