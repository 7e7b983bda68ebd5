import { beginsDeflate, ZLIB_SECONDS } from "./deflate-start.ts";
import { DeflatedMember } from "./deflated-member.ts";
import { MEMBER_COUNT } from "./limits.ts";
import type { Member, MemberOutlet } from "./member.ts";
import { LEAST_FORMAT_BYTES, unreadableFormat } from "./unreadable-formats.ts";
import { ZstdMember } from "./zstd-member.ts";

interface Format {
  readonly magic: Buffer;
  create(start: number, outlet: MemberOutlet): Member;
  /** whether it may be one, by what follows the magic */
  may?(bytes: Buffer, at: number): boolean;
}

const zlib = (second: number): Format => ({
  magic: Buffer.from([0x78, second]),
  create: (start, outlet) => new DeflatedMember("zlib", start, outlet),
  // Two bytes are often chance. The pixels of an image grow a hundredfold and say nothing.
  may: (bytes, at) => !isAt(bytes, at - PIXELS.length, PIXELS) && beginsDeflate(bytes, at + 2),
});

const FORMATS: readonly Format[] = [
  {
    magic: Buffer.from([0x1f, 0x8b, 0x08]),
    create: (start, outlet) => new DeflatedMember("gzip", start, outlet),
  },
  {
    magic: Buffer.from([0x50, 0x4b, 0x03, 0x04]),
    create: (start, outlet) => new DeflatedMember("zip", start, outlet),
  },
  {
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    create: (start, outlet) => new ZstdMember(start, outlet),
  },
  ...ZLIB_SECONDS.map(zlib),
];
/** By their first two bytes, read as one number. */
const BY_PAIR: ReadonlyMap<number, Format> = new Map(
  FORMATS.map((format) => [format.magic.readUInt16BE(), format]),
);
/** PNG §5.6: what stands before the pixels. */
const PIXELS = Buffer.from("IDAT");

function isAt(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Bytes at the end of a text that may begin a magic. */
const EDGE_BYTES = 3;

/** Finds what is compressed in a text, by its first bytes wherever they stand, and reads what it says as it comes. */
export class CompressedMembers {
  readonly #outlet: MemberOutlet;
  #members: Member[] = NONE;
  #total = 0;
  #settled = 0;
  /** the last bytes of what came, when they may begin a magic */
  #edge: Buffer = EMPTY;
  /** the first bytes of the text, or of a message of it, while they may begin a format that can't be read */
  #beginning: Buffer | undefined = EMPTY;

  constructor(outlet: MemberOutlet) {
    this.#outlet = outlet;
  }

  /** Text offset of the first byte that may not go yet; all bytes seen when all may. */
  get open(): number {
    let open = this.#total;
    for (const member of this.#members) open = Math.min(open, member.open);
    return Math.max(open, Math.min(this.#settled, this.#total));
  }

  /** Whether compressed data go on. */
  get active(): boolean {
    return this.#members.length > 0;
  }

  /** `magics`: where compressed data may begin in `bytes`, as the sieve says. */
  write(bytes: Buffer, last: boolean, magics: Uint16Array): void {
    const base = this.#total;
    this.#total += bytes.length;
    if (this.#beginning) this.#begin(bytes, this.#beginning);
    if (this.active) for (const member of this.#members) member.write(bytes, 0, base);
    if (this.#edge.length > 0) this.#searchEdge(bytes, base);
    for (const at of magics) this.#lookAt(at, bytes, base);
    this.#drop();
    if (last) {
      for (const member of this.#members) member.end();
      this.#members = NONE;
      this.#edge = EMPTY;
    } else this.#edge = edgeOf(this.#edge, bytes);
  }

  settle(): void {
    for (const member of this.#members) member.settle();
  }

  /** A message ends here: the next one may begin with a format of its own. */
  boundary(): void {
    for (const member of this.#members) member.boundary();
    this.#settled = this.#total;
    this.#beginning = EMPTY;
  }

  #begin(bytes: Buffer, before: Buffer): void {
    const missing = LEAST_FORMAT_BYTES - before.length;
    const beginning =
      before.length === 0
        ? Buffer.from(bytes.subarray(0, missing))
        : Buffer.concat([before, bytes.subarray(0, missing)]);
    const format = unreadableFormat(beginning);
    this.#beginning = format === "undecided" ? beginning : undefined;
    if (format !== undefined && format !== "undecided") this.#outlet.unreadable(format, false);
  }

  #lookAt(at: number, bytes: Buffer, base: number): void {
    const format = BY_PAIR.get(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    if (format === undefined || !isAt(bytes, at, format.magic)) return;
    if (format.may && !format.may(bytes, at)) return;
    const member = format.create(base + at, this.#outlet);
    member.write(bytes, at, base);
    if (!member.over) this.#add(member);
  }

  /** What begins in the bytes before, and goes on in these. */
  #searchEdge(bytes: Buffer, base: number): void {
    const edge = this.#edge;
    const both = Buffer.concat([edge, bytes.subarray(0, EDGE_BYTES)]);
    for (const { magic, create } of FORMATS) {
      const at = both.indexOf(magic);
      if (at < 0 || at >= edge.length || at + magic.length <= edge.length) continue;
      const member = create(base - edge.length + at, this.#outlet);
      member.write(edge, at, base - edge.length);
      member.write(bytes, 0, base);
      if (!member.over) this.#add(member);
    }
  }

  #add(member: Member): void {
    if (this.#members === NONE) this.#members = [];
    this.#members.push(member);
    if (this.#members.length <= MEMBER_COUNT) return;
    this.#drop();
    if (this.#members.length <= MEMBER_COUNT) return;
    this.#outlet.unreadable("more compressed data at once than can be followed", false);
    this.#members = [];
  }

  #drop(): void {
    if (this.active && this.#members.some(({ over }) => over))
      this.#members = this.#members.filter(({ over }) => !over);
  }
}

function edgeOf(before: Buffer, bytes: Buffer): Buffer {
  const edge =
    bytes.length >= EDGE_BYTES
      ? bytes.subarray(-EDGE_BYTES)
      : Buffer.concat([before, bytes]).subarray(-EDGE_BYTES);
  return FORMATS.some(({ magic }) => edge.includes(magic[0] as number)) ? Buffer.from(edge) : EMPTY;
}

const NONE: Member[] = [];
const EMPTY = Buffer.alloc(0);
