/** Letters of other alphabets that look like these of ours; position by position. */
const ALIKE = [
  ["а", "a"],
  ["АΑᎪ", "a"],
  ["ВΒᏴЬь", "b"],
  ["сϲСᏟҫ", "c"],
  ["ԁᏧԀ", "d"],
  ["еҽЕΕᎬєε", "e"],
  ["Ϝ", "f"],
  ["ɡԍցᏀ", "g"],
  ["һНΗᎻհ", "h"],
  ["іІΙιᎥıӏɩ", "i"],
  ["јЈյ", "j"],
  ["кКΚκᏦ", "k"],
  ["ⅼᏞԼւ", "l"],
  ["мМΜᎷ", "m"],
  ["ոռΝпη", "n"],
  ["оОΟοσօՕᎾഠ", "o"],
  ["рРΡρᏢ", "p"],
  ["ԛգᏄ", "q"],
  ["гᎡг", "r"],
  ["ѕЅՏᏚ", "s"],
  ["тТΤτᎢ", "t"],
  ["υսцՍ", "u"],
  ["νѵᏙ", "v"],
  ["ԝшωᎳѡ", "w"],
  ["хХΧχ", "x"],
  ["уУΥγүყ", "y"],
  ["ᏃΖzʐ", "z"],
] as const;

const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  ALIKE.flatMap(([others, letter]) => Array.from(others, (other) => [other, letter] as const)),
);

/** Characters that show nothing: soft hyphen, zero-width, bidi marks and controls, variation selectors, fillers, tags. */
export const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

const ASCII = /^[\0-\x7f]*$/;
const LETTERS = /[\p{L}\p{M}]+/gu;
const OURS = /[a-z]/;

/** A word without case, accents, ligatures and styled letters. Letters of another alphabet stay. */
export function foldWord(word: string): string {
  if (ASCII.test(word)) return word.toLowerCase();
  // composed again, so that Hangul stays syllables
  return word.normalize("NFKD").replaceAll(/\p{M}/gu, "").normalize("NFC").toLowerCase();
}

/**
 * A text as its reader sees it: as `foldWord`, without what is invisible, and with look-alikes of other alphabets
 * turned into our letters in words that hold one of ours.
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const folded = foldWord(text.replaceAll(INVISIBLE, "").replaceAll("’", "'"));
  return folded.replaceAll(LETTERS, (word) => (OURS.test(word) && !ASCII.test(word) ? alike(word) : word));
}

/** Every look-alike turned into the letter it resembles, whatever stands beside it. */
export function alike(text: string): string {
  let result = "";
  for (const character of text) result += LOOK_ALIKES.get(character) ?? character;
  return result;
}

const UNKNOWN = 255;
const letters = new Uint8Array(0x10000).fill(UNKNOWN);

/** First code point that `letterOf` looks at: accented Latin letters before it are passed over. */
export const FIRST_ALIKE = 0x250;

/** The letter (a is 1, z is 26) that a code point stands for or looks like; 0: none, it is passed over. */
export function letterOf(codePoint: number): number {
  if (codePoint < FIRST_ALIKE) return 0;
  if (codePoint > 0xffff) return astralLetter(codePoint);
  const known = letters[codePoint];
  if (known !== UNKNOWN && known !== undefined) return known;
  const letter = findLetter(String.fromCharCode(codePoint));
  letters[codePoint] = letter;
  return letter;
}

function astralLetter(codePoint: number): number {
  // tag characters: ASCII, 0xe0000 higher
  if (codePoint >= 0xe0041 && codePoint <= 0xe007a) {
    const letter = codePoint & 31;
    return letter <= 26 ? letter : 0;
  }
  // styled mathematical letters, squared and circled ones
  if ((codePoint >= 0x1d400 && codePoint < 0x1d800) || (codePoint >= 0x1f110 && codePoint < 0x1f190))
    return findLetter(String.fromCodePoint(codePoint));
  return 0;
}

function findLetter(character: string): number {
  const folded = foldWord(LOOK_ALIKES.get(character) ?? character).replace(/^[^a-z]*/, "");
  const code = folded.charCodeAt(0);
  return code >= 0x61 && code <= 0x7a ? code - 0x60 : 0;
}

/** What `asciiOf` gives for a character that resembles none of ASCII, and for one that shows nothing. */
export const NO_ASCII = 0;
export const INVISIBLE_ASCII = 1;

const ascii = new Uint8Array(0x10000).fill(UNKNOWN);

/** The printable ASCII character that a code point beyond ASCII stands for or looks like, case kept; or one of the above. */
export function asciiOf(codePoint: number): number {
  if (codePoint > 0x10ffff) return NO_ASCII;
  if (codePoint > 0xffff) {
    // of the rest only styled letters and digits, enclosed ones, and what shows nothing
    const telling =
      (codePoint >= 0x1d400 && codePoint < 0x1d800) ||
      (codePoint >= 0x1f100 && codePoint < 0x1f1e0) ||
      (codePoint >= 0x1fbf0 && codePoint < 0x1fc00) ||
      (codePoint >= 0xe0000 && codePoint < 0xe1000);
    return telling ? findAscii(String.fromCodePoint(codePoint)) : NO_ASCII;
  }
  const known = ascii[codePoint];
  if (known !== UNKNOWN && known !== undefined) return known;
  const found = findAscii(String.fromCharCode(codePoint));
  ascii[codePoint] = found;
  return found;
}

const UNSEEN = /^[\p{Default_Ignorable_Code_Point}\p{M}]/u;

function findAscii(character: string): number {
  if (UNSEEN.test(character)) return INVISIBLE_ASCII;
  const resembled = LOOK_ALIKES.get(character) ?? PUNCTUATION.get(character);
  const upper = resembled !== undefined && character.toLowerCase() !== character;
  const folded =
    resembled ??
    character
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .replace(/^\((.)\)$/, "$1");
  const code = (upper ? folded.toUpperCase() : folded).charCodeAt(0);
  return folded.length === 1 && code > 0x20 && code < 0x7f ? code : NO_ASCII;
}

/** Signs that look like those that tokens have. */
const PUNCTUATION: ReadonlyMap<string, string> = new Map([
  ...Array.from("‐‑‒–—―−⁃˗", (dash) => [dash, "-"] as const),
  ...Array.from("⁄∕⧸", (slash) => [slash, "/"] as const),
  ...Array.from("∶꞉ː", (colon) => [colon, ":"] as const),
  ["‿", "_"],
  ["․", "."],
]);
