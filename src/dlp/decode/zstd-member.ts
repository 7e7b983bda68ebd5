import { zstdDecompressSync } from "node:zlib";
import { ZSTD_BYTES, ZSTD_INFLATED_BYTES, ZSTD_WINDOW_BYTES } from "./limits.ts";
import type { Member, MemberOutlet } from "./member.ts";

/** A zstd frame (RFC 8878). Its blocks are kept until the frame ends, or something is to be told before that. */
export class ZstdMember implements Member {
  readonly #outlet: MemberOutlet;
  readonly #start: number;
  /** the frame so far: bytes of the text itself while it is not known to go on, then its own, with room that grows */
  #frame: Buffer = EMPTY;
  #own = false;
  #length = 0;
  /** bytes of the frame's header; 0: not known yet */
  #head = 0;
  /** where the next block begins, as far as is known */
  #next = 0;
  #last = false;
  /** up to here it was read, when it paused */
  #read = 0;
  #over = false;
  #unreadable = false;

  /** `start`: where it begins in the text. */
  constructor(start: number, outlet: MemberOutlet) {
    this.#start = start;
    this.#outlet = outlet;
  }

  get over(): boolean {
    return this.#over;
  }

  get open(): number {
    return this.#over ? Number.POSITIVE_INFINITY : this.#start + this.#read;
  }

  write(bytes: Buffer, from: number): void {
    if (this.#over) return;
    const piece = bytes.subarray(from, from + ZSTD_BYTES + 1 - this.#length);
    if (this.#length === 0) this.#frame = piece;
    else if (this.#length + piece.length > this.#frame.length)
      this.#grow(Math.max(this.#length + piece.length, this.#length * 2));
    if (this.#own) piece.copy(this.#frame, this.#length);
    this.#length += piece.length;
    this.#readOn();
    if (!this.#own && !this.#over) this.#grow(Math.max(FRAME_BYTES, this.#length));
  }

  #grow(room: number): void {
    this.#frame = Buffer.concat([this.#frame.subarray(0, this.#length)], room);
    this.#own = true;
  }

  #readOn(): void {
    if (this.#head === 0 && !this.#readHead()) return;
    while (!this.#last && this.#readBlock());
    if (this.#last) this.end();
    else if (this.#length > ZSTD_BYTES) {
      this.#outlet.unreadable(`a zstd frame over ${ZSTD_BYTES} bytes`, true);
      this.#over = true;
    }
  }

  /**
   * Its whole blocks are read, where that is twice what was read when it paused before; less is kept back, and so is the
   * block that goes on: without its last byte it says nothing here, and nearly all to whoever gets the rest.
   */
  settle(): void {
    if (this.#over || this.#next < 2 * this.#read) return;
    this.#decode();
    this.#read = this.#head === 0 ? this.#length : this.#next;
  }

  boundary(): void {
    if (this.#over) return;
    this.#decode();
    this.#read = this.#length;
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#decode();
  }

  /** §3.1.1.1. False: it is not here yet, or is none. */
  #readHead(): boolean {
    if (this.#length < 6) return false;
    const descriptor = this.#frame[4] as number;
    const single = (descriptor >> 5) & 1;
    const sizeBytes = [single, 2, 4, 8][descriptor >> 6] ?? 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const head = 5 + (1 - single) + dictionaryBytes + sizeBytes;
    if (this.#length < head) return false;
    if ((descriptor & 8) !== 0) {
      this.#over = true;
      return false;
    }
    const wanted =
      single === 1 ? this.#stated(head - sizeBytes, sizeBytes) : windowBytes(this.#frame[5] as number);
    const dictionary = this.#frame.subarray(head - sizeBytes - dictionaryBytes, head - sizeBytes);
    if (wanted > ZSTD_WINDOW_BYTES || dictionary.some((byte) => byte !== 0)) {
      // told when it has ended: the first bytes may be chance, or speak of the format
      this.#unreadable = true;
    }
    this.#head = head;
    this.#next = head;
    return true;
  }

  /** What it becomes; a frame of one segment may repeat any of that. */
  #stated(at: number, bytes: number): number {
    if (bytes === 8) return Number(this.#frame.readBigUInt64LE(at));
    return this.#frame.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
  }

  /** §3.1.1.2. False: the next one is not whole yet, or is none. */
  #readBlock(): boolean {
    if (this.#next + 3 > this.#length || this.#over) return false;
    const head = this.#frame.readUIntLE(this.#next, 3);
    const kind = (head >> 1) & 3;
    this.#over = kind === 3 || (kind !== 1 && head >> 3 > 128 * 1024);
    const end = this.#next + blockBytes(head);
    if (this.#over || end > this.#length) return false;
    this.#last = (head & 1) === 1;
    this.#next = end;
    return true;
  }

  /** The whole blocks that there are, as a frame of their own: it says nothing of its size and has no checksum. */
  #decode(): void {
    if (this.#unreadable) {
      if (this.#last) this.#outlet.unreadable("a zstd frame with a large window or a dictionary", false);
      return;
    }
    const end = Math.min(this.#next, this.#length);
    if (this.#head === 0 || end <= this.#head) return;
    const blocks = this.#frame.subarray(this.#head, end);
    const plain = plainBlocks(blocks);
    const inflated = plain ?? this.#inflate(blocks);
    const work = plain ? plain.length : Math.max(inflated?.length ?? 0, ZSTD_CALL_BYTES);
    if (this.#outlet.inflated(work) && inflated && inflated.length > 0)
      this.#outlet.reader("zstd", this.#start).write(inflated, true);
  }

  /** Undefined: it can't be read. */
  #inflate(blocks: Buffer): Buffer | undefined {
    const frame = Buffer.concat([PLAIN_HEAD, blocks]);
    if (!this.#last) {
      let last = 0;
      for (let at = PLAIN_HEAD.length; at + 3 <= frame.length; at += blockBytes(frame.readUIntLE(at, 3)))
        last = at;
      frame[last] = (frame[last] as number) | 1;
    }
    try {
      return zstdDecompressSync(frame, { maxOutputLength: ZSTD_INFLATED_BYTES });
    } catch (error) {
      // Otherwise its first bytes were chance.
      if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
        this.#outlet.unreadable("a zstd frame that becomes too large", true);
      return undefined;
    }
  }
}

/**
 * What whole blocks say that are stored, or one byte again and again: few of them, of which there may be many frames, as
 * one call of zlib takes as long as thousands of bytes. Undefined: another kind is among them, or they say much.
 */
function plainBlocks(blocks: Buffer): Buffer | undefined {
  let size = 0;
  for (let at = 0; at + 3 <= blocks.length; ) {
    const head = blocks.readUIntLE(at, 3);
    size += head >> 3;
    if (((head >> 1) & 3) === 2 || size > PLAIN_BYTES) return undefined;
    at += blockBytes(head);
  }
  const said = Buffer.allocUnsafe(size);
  let length = 0;
  for (let at = 0; at + 3 <= blocks.length; ) {
    const head = blocks.readUIntLE(at, 3);
    const to = length + (head >> 3);
    if (((head >> 1) & 3) === 1) said.fill(blocks[at + 3] as number, length, to);
    else blocks.copy(said, length, at + 3, at + 3 + (head >> 3));
    length = to;
    at += blockBytes(head);
  }
  return said;
}

/** §3.1.1.1.2 */
function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** With its head; of a byte that is repeated there is one. */
function blockBytes(head: number): number {
  return 3 + (((head >> 1) & 3) === 1 ? 1 : head >> 3);
}

/** The first bytes of a frame with a window of `ZSTD_WINDOW_BYTES` and nothing else stated. */
const PLAIN_HEAD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (Math.log2(ZSTD_WINDOW_BYTES) - 10) << 3]);
const EMPTY = Buffer.alloc(0);
/** Room for a frame that goes on. */
const FRAME_BYTES = 1024;
/** Bytes that stored blocks are read up to without zlib. */
const PLAIN_BYTES = 4096;
/** Bytes of work that a call of zlib counts as at least: it takes as long as inflating so many. */
const ZSTD_CALL_BYTES = 4096;
