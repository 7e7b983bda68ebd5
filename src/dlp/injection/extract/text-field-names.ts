/** Fields that carry text, or a piece of one that goes on in the next message: the deltas of streamed answers. */
const NAMES = [
  "text",
  "content",
  "delta",
  "partial_json",
  "thinking",
  "reasoning",
  "reasoning_content",
  "arguments",
  "completion",
  "response",
  "output",
  "output_text",
  "generated_text",
];

const ROW_BITS = 5;
/** No name begins so. */
const NO_NAME = 0xff;
/** Of what has been read of a name: nothing. */
export const NAME_BEGIN = 0;

/** What comes of one more letter; index: what was read x 32 + the letter. */
const next = new Uint8Array(NAMES.join("").length << ROW_BITS).fill(NO_NAME);
const isWhole = new Uint8Array(NO_NAME + 1);
let count = 1;
for (const name of NAMES) {
  let read = NAME_BEGIN;
  for (const byte of Buffer.from(name)) {
    const at = (read << ROW_BITS) | letterOf(byte);
    if (next[at] === NO_NAME) next[at] = count++;
    read = next[at] as number;
  }
  isWhole[read] = 1;
}

/** What has been read of a name behind source[from, to) of it. No string is made: nearly every name is another. */
export function nameBehind(source: Buffer, from: number, to: number, before: number): number {
  let read = before;
  for (let at = from; at < to && read !== NO_NAME; at++) {
    const letter = letterOf(source[at] as number);
    read = letter === 0 ? NO_NAME : (next[(read << ROW_BITS) | letter] as number);
  }
  return read;
}

/** Whether it is the name of a field that carries text. */
export function namesText(read: number): boolean {
  return isWhole[read] === 1;
}

function letterOf(byte: number): number {
  if (byte === 0x5f) return 27;
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x60 : 0;
}
