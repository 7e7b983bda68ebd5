/**
 * How much of `text` fits in `room` characters of the journal's JSON, which is ASCII: `chars` UTF-16 units that take up
 * `size` characters. No surrogate pair is split.
 */
export function fittingChars(text: string, room: number): { chars: number; size: number } {
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const cost = escapedLength(text.charCodeAt(at));
    if (size + cost > room) {
      const split = at > 0 && isHighSurrogate(text.charCodeAt(at - 1));
      return split ? { chars: at - 1, size: size - 6 } : { chars: at, size };
    }
    size += cost;
  }
  return { chars: text.length, size };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** `\b \t \n \f \r \" \\` are two characters, other controls and all beyond ASCII `\u` and four digits. */
function escapedLength(unit: number): number {
  if (unit === 0x22 || unit === 0x5c) return 2;
  if (unit < 0x20) return unit === 0x0b || unit < 0x08 || unit > 0x0d ? 6 : 2;
  return unit > 0x7e ? 6 : 1;
}
