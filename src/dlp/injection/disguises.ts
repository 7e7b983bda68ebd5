import { alike, foldText, foldWord } from "./fold.ts";
import { byFirstWord, withoutSpaces } from "./lexicon/lexicon.ts";

/** Letters that stand alone in a row, so that they are one word. */
const SPACED = /(?<![\p{L}\p{N}])(?:[a-z0-9@$][\s._*|-]{1,3}){7,}[a-z0-9@$](?![\p{L}\p{N}])/gu;
/** Letters in a row too many for a word, and not a name in camel case. */
const RUN_TOGETHER = /(?<![a-zA-Z])(?:[A-Za-z][a-z]{17,}|[A-Z]{18,})(?![a-zA-Z])/g;
const LOOKS_TOGETHER = /[a-z]{17}|[A-Z]{18}/;
const LOOKS_SPACED = /[a-z0-9] [a-z0-9] [a-z0-9] [a-z0-9] /;
const LOOKS_LEET = /[a-z][013457@$][a-z]/;
const ALPHANUMERIC = /[a-z0-9@$]+/g;
const DIGIT = /[0-9@$]/;
const LETTER = /[a-z]/;
const LEET: Readonly<Record<string, string>> = {
  0: "o",
  1: "i",
  3: "e",
  4: "a",
  5: "s",
  7: "t",
  "@": "a",
  $: "s",
};
const ROT13 = /\b(?:vafgehpgvba|cerivbhf|qvfertneq|cnffjbeq|flfgrz cebzcg|vtaber)/;
const BACKWARDS = /noitcurtsni|suoiverp|dragersid|drowssap|tpmorp metsys/;
const PERCENT = /%[0-9a-f]{2}/i;
const OTHER_ALPHABET = /[\u0370-\u058f\u13a0-\u13ff]/;
/** Words that make a letter for digit reading worth it. */
const LEET_WORDS = 3;
const LONGEST_WORD = 16;

/** Another way to read a text. */
export interface Reading {
  readonly text: string;
  /** nobody writes so who wants to be read by people */
  readonly disguised: boolean;
}

/** Other ways to read a text, when it looks as if it were written that way: each worth grading. `folded` as by `foldText`. */
export function disguises(text: string, folded: string): Reading[] {
  const readings: Reading[] = [];
  const add = (reading: string, disguised: boolean) => {
    if (reading !== folded) readings.push({ text: reading, disguised });
  };
  if (LOOKS_SPACED.test(folded))
    add(
      folded.replaceAll(SPACED, (letters) => words(unleet(letters).replaceAll(/[^a-z]/g, ""))),
      true,
    );
  if (LOOKS_TOGETHER.test(text))
    add(foldText(text.replaceAll(RUN_TOGETHER, (run) => words(run.toLowerCase()))), false);
  if (LOOKS_LEET.test(folded)) {
    let count = 0;
    const reading = folded.replaceAll(ALPHANUMERIC, (word) => {
      if (!DIGIT.test(word) || !LETTER.test(word)) return word;
      count++;
      return unleet(word);
    });
    if (count >= LEET_WORDS) add(reading, false);
  }
  if (ROT13.test(folded)) add(rot13(folded), true);
  if (BACKWARDS.test(folded)) add(Array.from(folded).reverse().join(""), true);
  if (PERCENT.test(text)) add(foldWord(unpercent(text)), false);
  if (OTHER_ALPHABET.test(folded)) add(alike(folded), false);
  return readings;
}

function unleet(word: string): string {
  return word.replaceAll(/[013457@$]/g, (character) => LEET[character] ?? character);
}

function rot13(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97),
  );
}

function unpercent(text: string): string {
  return text
    .replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
      Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
    )
    .replaceAll(/[+=?&/]/g, " ");
}

/** Parts letters without spaces into the words that are known, the longest first. */
function words(letters: string): string {
  const parts: string[] = [];
  let unknown = "";
  for (let at = 0; at < letters.length; ) {
    const length = longestAt(letters, at);
    if (length === 0) unknown += letters[at++];
    else {
      if (unknown !== "") parts.push(unknown);
      unknown = "";
      parts.push(letters.slice(at, at + length));
      at += length;
    }
  }
  if (unknown !== "") parts.push(unknown);
  return parts.join(" ");
}

function longestAt(letters: string, at: number): number {
  for (let length = Math.min(LONGEST_WORD, letters.length - at); length >= 3; length--) {
    const word = letters.slice(at, at + length);
    if (byFirstWord().has(word) || withoutSpaces().masks.has(word)) return length;
  }
  return 0;
}
