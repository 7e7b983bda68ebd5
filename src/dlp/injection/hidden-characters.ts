import { INVISIBLE_RUN } from "./limits.ts";

/** What stands in characters that show nothing. */
export interface HiddenCharacters {
  /** decoded, as far as it is text */
  readonly text: string;
  /** there are more of them in a row than typography, emoji and flags need */
  readonly suspicious: boolean;
}

const RUN = new RegExp(`(?:\\p{Default_Ignorable_Code_Point}){${INVISIBLE_RUN},}`, "gu");
const ASCII = /^[\0-\x7f]*$/;
const PRINTABLE = /^[\t\n\r\x20-\x7e\u00a0-\ufffc]*$/;
const REVERSED = /[\u202e\u202d]([^\u202c\u2066-\u2069\n]{6,2000})/gu;

/** Tag characters, bytes in variation selectors, bits in zero-width characters, text turned round by bidi controls. */
export function hiddenCharacters(text: string): HiddenCharacters {
  if (ASCII.test(text)) return { text: "", suspicious: false };
  let found = "";
  let suspicious = false;
  for (const [run] of text.matchAll(RUN)) {
    suspicious = true;
    const points = Array.from(run, (character) => character.codePointAt(0) ?? 0);
    found += `${tagText(points)}\x1e${selectorText(points)}\x1e${zeroWidthText(points)}\x1e`;
  }
  for (const [, turned = ""] of text.matchAll(REVERSED))
    found += `${Array.from(turned).reverse().join("")}\x1e`;
  return { text: found, suspicious };
}

function tagText(points: readonly number[]): string {
  let text = "";
  for (const point of points)
    if (point >= 0xe0020 && point <= 0xe007e) text += String.fromCharCode(point - 0xe0000);
  return text;
}

function selectorText(points: readonly number[]): string {
  const bytes: number[] = [];
  for (const point of points) {
    if (point >= 0xfe00 && point <= 0xfe0f) bytes.push(point - 0xfe00);
    else if (point >= 0xe0100 && point <= 0xe01ef) bytes.push(point - 0xe0100 + 16);
  }
  return printable(Buffer.from(bytes));
}

/** Two kinds of zero-width characters as bits of bytes, either way round. */
function zeroWidthText(points: readonly number[]): string {
  const kinds = points.filter(
    (point) => (point >= 0x200b && point <= 0x200f) || (point >= 0x2060 && point <= 0x2064),
  );
  const [zero] = kinds;
  if (zero === undefined || kinds.length < 32) return "";
  const bytes = (one: boolean) => {
    const result = Buffer.alloc(kinds.length >> 3);
    for (let i = 0; i < result.length * 8; i++)
      if ((kinds[i] === zero) === one) result[i >> 3] = (result[i >> 3] ?? 0) | (0x80 >> (i & 7));
    return result;
  };
  return `${printable(bytes(true))}\x1e${printable(bytes(false))}`;
}

function printable(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return PRINTABLE.test(text) ? text : "";
}
