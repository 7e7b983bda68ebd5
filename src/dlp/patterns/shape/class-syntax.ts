import { type ByteSet, byteSet, caseless, complement, DIGIT, POSIX, SPACE, union, WORD } from "./bytes.ts";
import { NotSimple } from "./not-simple.ts";

/** `\d`, `\w`, `\s` and their complements; undefined of any other letter. */
export function classEscape(letter: string): ByteSet | undefined {
  const set = { d: DIGIT, w: WORD, s: SPACE }[letter.toLowerCase()];
  return set === undefined || letter === letter.toLowerCase() ? set : complement(set);
}

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
  ["f", 0x0c],
  ["v", 0x0b],
  ["a", 0x07],
]);

/** The one byte that an escape stands for; `at` is after its backslash. */
export function readEscape(text: string, at: number): { byte: number; next: number } {
  const char = text[at] ?? "";
  const hex = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,2})\})/.exec(text.slice(at, at + 6));
  if (hex !== null) return { byte: Number.parseInt(hex[1] ?? hex[2] ?? "", 16), next: at + hex[0].length };
  const control = CONTROLS.get(char);
  if (control !== undefined) return { byte: control, next: at + 1 };
  // a letter or digit here is a class, an assertion or a back reference that is not known
  if (char === "" || /[0-9A-Za-z]/.test(char)) throw new NotSimple("escape");
  return { byte: char.charCodeAt(0), next: at + 1 };
}

/** A class in brackets; `at` is after the opening one. */
export function readClass(text: string, at: number, fold: boolean): { set: ByteSet; next: number } {
  const isNegated = text[at] === "^";
  let next = isNegated ? at + 1 : at;
  const first = next;
  const sets: ByteSet[] = [];
  while (text[next] !== "]" || next === first) {
    if (next >= text.length) throw new NotSimple("class without end");
    const posix = /^\[:([a-z]+):\]/.exec(text.slice(next, next + 12));
    const whole = posix === null ? undefined : POSIX.get(posix[1] ?? "");
    const escaped = text[next] === "\\" ? classEscape(text[next + 1] ?? "") : undefined;
    if (posix !== null) {
      if (whole === undefined) throw new NotSimple("class name");
      sets.push(whole);
      next += posix[0].length;
    } else if (escaped !== undefined) {
      sets.push(escaped);
      next += 2;
    } else {
      const from = member(text, next);
      next = from.next;
      let to = from.byte;
      if (text[next] === "-" && text[next + 1] !== "]" && text[next + 1] !== undefined) {
        const last = member(text, next + 1);
        to = last.byte;
        next = last.next;
      }
      if (to < from.byte) throw new NotSimple("range");
      sets.push(byteSet([from.byte, to]));
    }
  }
  const set = fold ? caseless(union(...sets)) : union(...sets);
  return { set: isNegated ? complement(set) : set, next: next + 1 };
}

function member(text: string, at: number): { byte: number; next: number } {
  if (text[at] === "\\") return readEscape(text, at + 1);
  const byte = text.charCodeAt(at);
  if (!(byte <= 0x7f)) throw new NotSimple("not ASCII");
  return { byte, next: at + 1 };
}
