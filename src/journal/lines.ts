import { MAX_LINE } from "./limits.ts";

export interface Line {
  /** without the line break; undefined: longer than `MAX_LINE` */
  readonly bytes: Buffer | undefined;
  /** offset after the line and its break */
  readonly end: number;
  /** false for what stands after the last line break */
  readonly complete: boolean;
}

const NEWLINE = 0x0a;

/** Splits a stream into lines, holding at most one of `MAX_LINE` bytes and one chunk. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let heldLength = 0;
  let tooLong = false;
  let offset = 0;
  const hold = (part: Buffer): void => {
    heldLength += part.length;
    tooLong ||= heldLength > MAX_LINE;
    if (tooLong) held = [];
    else held.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, end));
      const [only] = held;
      const bytes = tooLong ? undefined : held.length === 1 ? only : Buffer.concat(held);
      yield { bytes, end: offset + end + 1, complete: true };
      held = [];
      heldLength = 0;
      tooLong = false;
      start = end + 1;
    }
    if (start < chunk.length) hold(chunk.subarray(start));
    offset += chunk.length;
  }
  if (heldLength > 0)
    yield { bytes: tooLong ? undefined : Buffer.concat(held), end: offset, complete: false };
}
