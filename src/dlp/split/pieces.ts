import { PIECE_CHARS } from "../known/limits.ts";
import type { KnownSecret } from "../known/secret.ts";
import { ALONE_PIECE_BITS, PIECE_BITS, SHORTEST_PIECE } from "./limits.ts";

/** Characters `start` to `end` (excluded) of a secret, as they stand in a text. */
export interface Piece {
  readonly secret: KnownSecret;
  readonly start: number;
  readonly end: number;
}

interface Place {
  readonly secret: KnownSecret;
  readonly bytes: Buffer;
  readonly at: number;
  /** characters from which on a piece counts anywhere, and between separators */
  readonly anywhere: number;
  readonly alone: number;
}

/** Finds pieces of secrets that are too short to be a find: spelled as they are, so that few ordinary texts hold any. */
export class PieceFinder {
  readonly #places = new Map<number, Place[]>();
  /** which sums of four bytes begin a piece; most texts need nothing else */
  readonly #filter = new Uint8Array(1 << 16);

  constructor(secrets: readonly KnownSecret[]) {
    for (const secret of secrets) {
      const bytes = Buffer.from(secret.value.reveal(), "utf8");
      const bits = bitsOf(secret.value.reveal());
      const anywhere = Math.ceil(PIECE_BITS / bits);
      const alone = Math.max(SHORTEST_PIECE, Math.ceil(ALONE_PIECE_BITS / bits));
      // of words there are pieces in every text
      if (alone >= PIECE_CHARS) continue;
      for (let at = 0; at + SHORTEST_PIECE <= Math.min(bytes.length, 4096); at++) {
        const gram = bytes.readInt32LE(at);
        const places = this.#places.get(gram) ?? [];
        places.push({ secret, bytes, at, anywhere, alone });
        this.#places.set(gram, places);
        this.#filter[slot(gram)] = 1;
      }
    }
  }

  find(text: Buffer, found: (piece: Piece) => void): void {
    const filter = this.#filter;
    let gram = 0;
    let after = 0;
    for (let i = 0; i < text.length; i++) {
      gram = (gram >>> 8) | ((text[i] as number) << 24);
      if (filter[slot(gram)] === 0) continue;
      const start = i - 3;
      if (start < after) continue;
      let longest = 0;
      for (const place of this.#places.get(gram) ?? []) {
        const length = common(text, start, place);
        const alone = !isAlphanumeric(text[start - 1]) && !isAlphanumeric(text[start + length]);
        if (length < (alone ? place.alone : place.anywhere)) continue;
        longest = Math.max(longest, length);
        found({ secret: place.secret, start: place.at, end: place.at + length });
      }
      after = start + longest;
    }
  }
}

function slot(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> 16;
}

function common(text: Buffer, start: number, { bytes, at }: Place): number {
  let length = SHORTEST_PIECE;
  while (
    at + length < bytes.length &&
    start + length < text.length &&
    bytes[at + length] === text[start + length]
  )
    length++;
  return length;
}

/** How much a character of such a value tells, at most: words tell little, whatever their letters. */
function bitsOf(value: string): number {
  if (/^[0-9.-]+$/.test(value)) return 3.3;
  if (/^[0-9a-f-]+$/i.test(value)) return 4;
  if (!/[0-9]/.test(value)) return /[a-z]/.test(value) && /[A-Z]{2}|[a-z][A-Z]/.test(value) ? 3 : 2;
  return /[A-Z]/.test(value) && /[a-z]/.test(value) ? 5.9 : 5.1;
}

function isAlphanumeric(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a))
  );
}
