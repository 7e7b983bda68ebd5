/** Why what stands in an archive can't be read, as it is told. */
export type Unreadable = string;

/** Steps behind the fixed part of a head: so many bytes, bytes up to a zero, or as many as the next two say. */
type Step = number | "text" | "counted";

/** Skips what stands before the deflated data of one member of a stream, however long and however it is cut. */
export class MemberHead {
  readonly format: "gzip" | "zlib" | "zip";
  /** the fixed part; kept only where it comes in pieces */
  #fixed: Buffer = EMPTY;
  #filled = 0;
  #steps: Step[] | undefined;
  #counted = 0;
  #count = 0;
  /** it is no such head after all */
  wrong = false;
  unreadable: Unreadable | undefined;

  constructor(format: MemberHead["format"]) {
    this.format = format;
  }

  /** Index behind the bytes from `from` on that belong to the head. */
  write(bytes: Buffer, from: number): number {
    let i = from;
    if (this.#steps === undefined) {
      const fixed = FIXED[this.format];
      if (this.#filled === 0 && bytes.length - i >= fixed) {
        this.#steps = this.#read(bytes, i);
        i += fixed;
      } else {
        if (this.#filled === 0) this.#fixed = Buffer.alloc(fixed);
        const copied = bytes.copy(this.#fixed, this.#filled, i, i + fixed - this.#filled);
        this.#filled += copied;
        i += copied;
        if (this.#filled < fixed) return i;
        this.#steps = this.#read(this.#fixed, 0);
      }
    }
    while (i < bytes.length && this.#steps.length > 0 && !this.wrong) i = this.#step(bytes, i, this.#steps);
    return i;
  }

  /** What follows are deflated data. */
  get done(): boolean {
    return this.#steps?.length === 0 && !this.wrong;
  }

  #step(bytes: Buffer, at: number, steps: Step[]): number {
    const [step = 0] = steps;
    if (step === "text") {
      const end = bytes.indexOf(0, at);
      if (end >= 0) steps.shift();
      return end < 0 ? bytes.length : end + 1;
    }
    if (step === "counted") {
      this.#count |= (bytes[at] as number) << (8 * this.#counted++);
      if (this.#counted === 2) steps[0] = this.#count;
      if (steps[0] === 0) steps.shift();
      return at + 1;
    }
    const skipped = Math.min(step, bytes.length - at);
    if (skipped === step) steps.shift();
    else steps[0] = step - skipped;
    return at + skipped;
  }

  #read(bytes: Buffer, at: number): Step[] {
    if (this.format === "gzip") return this.#readGzip(bytes[at + 2] as number, bytes[at + 3] as number);
    return this.format === "zip" ? this.#readZip(bytes, at) : [];
  }

  /** RFC 1952 §2.3. */
  #readGzip(method: number, flags: number): Step[] {
    this.wrong = method !== 8 || (flags & 0xe0) !== 0;
    const steps: Step[] = [];
    if ((flags & 4) !== 0) steps.push("counted");
    if ((flags & 8) !== 0) steps.push("text");
    if ((flags & 16) !== 0) steps.push("text");
    if ((flags & 2) !== 0) steps.push(2);
    return steps;
  }

  /** APPNOTE 6.3.10 §4.3.7. What is stored stands in the text as it is. */
  #readZip(head: Buffer, at: number): Step[] {
    const version = head.readUInt16LE(at + 4) & 0xff;
    const flags = head.readUInt16LE(at + 6);
    const method = head.readUInt16LE(at + 8);
    const name = head.readUInt16LE(at + 26);
    const sane = version <= 63 && (flags & 0xd780) === 0 && name < 4096 && METHODS.has(method);
    if (sane && (flags & 1) !== 0) this.unreadable = "an encrypted entry of a zip archive";
    else if (sane && !READABLE.has(method)) this.unreadable = `an entry of a zip archive in method ${method}`;
    this.wrong = !sane || this.unreadable !== undefined || method !== 8;
    const rest = name + head.readUInt16LE(at + 28);
    return rest === 0 ? [] : [rest];
  }
}

const EMPTY = Buffer.alloc(0);
const FIXED = { gzip: 10, zlib: 2, zip: 30 };
/** §4.4.5 */
const METHODS: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99,
]);
/** stored; deflated; zstd, known by its own first bytes */
const READABLE: ReadonlySet<number> = new Set([0, 8, 20, 93]);
