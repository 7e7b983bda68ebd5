import { masked } from "./frame.ts";
import type { HeldBytes } from "./held-bytes.ts";
import { BLOCK_BYTES, PIECE_BYTES } from "./limits.ts";

/** A frame's first bytes, bytes of its payload as they came, or a whole control frame. */
type Kind = "head" | "payload" | "control";

interface Piece {
  bytes: Buffer;
  readonly kind: Kind;
  /** bytes of text, of all messages together, before its end */
  readonly end: number;
}

const EMPTY = Buffer.alloc(0);

/** What of one direction came and has not gone: frames of a message, and control frames that wait behind them. */
export class Waiting {
  /** what the message's pieces count for */
  held = 0;
  controls = 0;
  readonly #total: HeldBytes;
  #queue: Piece[] = [];
  /** pieces, from the first on, that keep nothing but themselves in memory */
  #own = 0;
  #block: Buffer = EMPTY;
  #free = 0;

  constructor(total: HeldBytes) {
    this.#total = total;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Whether the first piece begins a frame; undefined: there is none. */
  get begins(): boolean | undefined {
    const [first] = this.#queue;
    return first && first.kind !== "payload";
  }

  /** False: with it too much is held. */
  push(bytes: Buffer, kind: Kind, end: number): boolean {
    this.#queue.push({ bytes, kind, end });
    if (kind === "control") {
      this.controls++;
      return true;
    }
    const counts = bytes.length + PIECE_BYTES;
    this.held += counts;
    return this.#total.add(counts);
  }

  /** Copies what would keep much more than itself: a byte may have come in a read of 64 KiB. */
  own(): void {
    for (let piece = this.#queue[this.#own]; piece; piece = this.#queue[++this.#own])
      piece.bytes = this.#owned(piece.bytes);
  }

  #owned(bytes: Buffer): Buffer {
    const { length } = bytes;
    if (length * 2 > bytes.buffer.byteLength) return bytes;
    if (length > BLOCK_BYTES / 4) {
      const copy = Buffer.allocUnsafeSlow(length);
      bytes.copy(copy);
      return copy;
    }
    if (this.#free + length > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#free = 0;
    }
    const copy = this.#block.subarray(this.#free, this.#free + length);
    bytes.copy(copy);
    this.#free += length;
    return copy;
  }

  /** Unmasked payload of the message, of which all has come and nothing has gone. `masks`: whether frames are masked. */
  payload(masks: boolean): Buffer {
    const parts: Buffer[] = [];
    let key: Buffer | undefined;
    let phase = 0;
    for (const { bytes, kind } of this.#queue) {
      if (kind === "head") {
        key = masks ? bytes.subarray(bytes.length - 4) : undefined;
        phase = 0;
      } else {
        parts.push(key ? masked(bytes, key, phase) : bytes);
        phase += bytes.length;
      }
    }
    const [first = EMPTY] = parts;
    return parts.length < 2 ? first : Buffer.concat(parts);
  }

  /**
   * Hands on what ends at or before `upTo` bytes of text, and of what goes on beyond, the bytes before. A frame's head
   * goes with the first of its payload: a frame of our own could not be put between them.
   */
  release(upTo: number, write: (bytes: Buffer) => void): void {
    let gone = 0;
    let count = 0;
    for (const piece of this.#queue) {
      const { bytes, kind } = piece;
      const next = this.#queue[count + 1];
      const cut = goes(piece, upTo);
      if (
        cut === 0 ||
        (kind === "head" && upTo < Number.POSITIVE_INFINITY && (!next || goes(next, upTo) === 0))
      )
        break;
      write(cut === bytes.length ? bytes : bytes.subarray(0, cut));
      if (kind === "control") this.controls--;
      else gone += cut === bytes.length ? cut + PIECE_BYTES : cut;
      if (cut < bytes.length) {
        piece.bytes = bytes.subarray(cut);
        break;
      }
      count++;
    }
    this.#queue.splice(0, count);
    this.#own = Math.max(0, this.#own - count);
    this.held -= gone;
    this.#total.remove(gone);
  }

  /** Forgets what waits. */
  drop(): void {
    this.#total.remove(this.held);
    this.held = 0;
    this.controls = 0;
    this.#own = 0;
    this.#queue = [];
  }
}

/** How many bytes of a piece go. */
function goes({ bytes, kind, end }: Piece, upTo: number): number {
  const beyond = Math.max(0, end - upTo);
  if (kind === "payload") return Math.max(0, bytes.length - beyond);
  return beyond === 0 ? bytes.length : 0;
}
