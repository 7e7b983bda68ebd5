import { GITLEAKS_ALLOW_LINES } from "./limits.ts";

const LINE_FEED = 10;
const ALLOW = Buffer.from("gitleaks:allow");

/** A line of one of the texts. */
export interface TextLine<Text> {
  readonly text: Text;
  /** 1-based */
  readonly line: number;
  /** a `gitleaks:allow` comment stands on it */
  readonly allowComment: boolean;
}

/** Texts that are sent one behind the other as one long text, and which of its lines are whose. Lines end with LF alone. */
export class LineMap<Text> {
  readonly #texts: Text[] = [];
  /** the line that each text begins on, 1-based, in order */
  readonly #begins: number[] = [];
  readonly #allowed = new Set<number>();
  /** the line of the next byte, 1-based */
  #line = 1;
  /** the last bytes of the text so far, on whose end an ALLOW may begin */
  #before: Buffer = Buffer.alloc(0);

  /** Where the next byte will stand. */
  get line(): number {
    return this.#line;
  }

  /** What is sent from now on is this text. */
  begin(text: Text): void {
    this.#texts.push(text);
    this.#begins.push(this.#line);
    this.#before = Buffer.alloc(0);
  }

  /** Bytes that were sent. */
  take(bytes: Buffer): void {
    const edge = Buffer.concat([this.#before, bytes.subarray(0, ALLOW.length - 1)]);
    if (this.#before.length > 0 && edge.includes(ALLOW)) this.#allow(this.#line);
    let at = 0;
    for (let found = bytes.indexOf(ALLOW); found >= 0; found = bytes.indexOf(ALLOW, found + ALLOW.length)) {
      this.#line += lineFeeds(bytes, at, found);
      this.#allow(this.#line);
      at = found;
    }
    this.#line += lineFeeds(bytes, at, bytes.length);
    const tail = bytes.length >= ALLOW.length - 1 ? bytes : edge;
    this.#before = Buffer.from(tail.subarray(Math.max(0, tail.length - ALLOW.length + 1)));
  }

  /**
   * Whose a line is. A match may begin with line feeds, which are then before its text's first line: so `first` is
   * the line it begins on and `last` the one it ends on. Undefined: no text has it.
   */
  find(first: number, last: number): TextLine<Text> | undefined {
    const index = this.#index(last);
    const [text, begin] = [this.#texts[index], this.#begins[index]];
    if (text === undefined || begin === undefined) return undefined;
    const from = Math.max(first, begin);
    return { text, line: from - begin + 1, allowComment: this.#isAllowed(from, last) };
  }

  /** The last text that begins on the line or before it. */
  #index(line: number): number {
    let [low, high] = [0, this.#begins.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#begins[middle] ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #isAllowed(first: number, last: number): boolean {
    // of a match over many lines, as of a private key, the comment stands on its first or its last
    return this.#allowed.has(first) || this.#allowed.has(last);
  }

  #allow(line: number): void {
    if (this.#allowed.size < GITLEAKS_ALLOW_LINES) this.#allowed.add(line);
  }
}

function lineFeeds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (bytes[at] === LINE_FEED) count++;
  return count;
}
