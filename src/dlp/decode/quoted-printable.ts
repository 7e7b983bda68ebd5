import { byteAt, hexValue, isTokenByte, MORE, type Spelling, sayByte } from "./spelling.ts";

/** RFC 2045 §6.7: `=41`, and a line that ends with `=` goes on in the next. */
export const QUOTED_PRINTABLE: Spelling = {
  encoding: "quoted-printable",
  bit: 2,
  replaceable: true,
  read(text, at, last, spelled) {
    spelled.length = 0;
    spelled.telling = false;
    const first = text[at + 1];
    if (first === undefined) return last ? 0 : MORE;
    if (first === 0x0a || first === 0x0d) {
      const next = first === 0x0d ? at + 3 : at + 2;
      if (text[next] === undefined && !last) return MORE;
      if (text[next - 1] !== 0x0a) return 0;
      spelled.telling = isTokenByte(byteAt(text, at - 1, spelled)) && isTokenByte(text[next]);
      return next - at;
    }
    const high = hexValue(first);
    if (high < 2 || high === 16) return 0;
    if (text[at + 2] === undefined) return last ? 0 : MORE;
    const low = hexValue(text[at + 2]);
    if (low === 16) return 0;
    const byte = high * 16 + low;
    sayByte(spelled, byte, isTokenByte(byte) || byte === 0x3d || byte >= 0xc2);
    return 3;
  },
};
