/** Where a text was taken from: places of it in the body, piece by piece. */
interface Segment {
  /** in the text */
  readonly from: number;
  length: number;
  /** in the body */
  readonly at: number;
  /** false: it was encoded there, from `at` on */
  readonly exact: boolean;
}

/** A find may begin in what could only be judged with what came after it. */
const REMEMBERED_BYTES = 4096;

/** Which places of a text are which of the body. */
export class SourceMap {
  #segments: Segment[] = [];
  #total = 0;

  /** `apart`: an edit may not go over from what was there before into this. */
  add(length: number, at: number, exact: boolean, apart: boolean): void {
    const last = this.#segments.at(-1);
    const from = this.#total;
    this.#total += length;
    if (last && !apart && exact && last.exact && last.at + last.length === at) last.length += length;
    else this.#segments.push({ from, length, at, exact });
  }

  /** Bytes of the body before which all is settled, when all before `safe` of the text is; infinite: all there was. */
  settled(safe: number): number {
    this.#forget(safe - REMEMBERED_BYTES);
    if (safe >= this.#total) return Number.POSITIVE_INFINITY;
    const open = this.#segments.find(({ from, length }) => from + length > safe);
    if (open === undefined) return Number.POSITIVE_INFINITY;
    return open.exact ? open.at + Math.max(0, safe - open.from) : open.at;
  }

  #forget(before: number): void {
    let passed = 0;
    for (const { from, length } of this.#segments) {
      if (from + length > before) break;
      passed++;
    }
    if (passed > 0) this.#segments = this.#segments.slice(passed);
  }

  /** Where in the body a place of the text is, as it stands there; undefined: in no one piece. */
  place(start: number, end: number): { readonly start: number; readonly end: number } | undefined {
    const segment = this.#segments.findLast(({ from }) => from <= start);
    if (!segment?.exact || end > segment.from + segment.length) return undefined;
    const offset = segment.at - segment.from;
    return { start: start + offset, end: end + offset };
  }
}
