import { PIECE_CHARS, SECRET_CHARS, SECRET_EDGE_BYTES } from "./limits.ts";
import { symbolsOf } from "./symbols.ts";

/** One way a secret can be spelled, as the letters and digits that spell it. */
export interface Form {
  readonly encoding: string;
  readonly symbols: Uint8Array;
  /** how many of them, side by side and among those from `from` to `to`, are a find */
  readonly need: number;
  readonly from: number;
  readonly to: number;
}

/** A spelling that writes one byte as `width` symbols. */
const PER_BYTE: readonly (readonly [encoding: string, spell: (byte: number) => string])[] = [
  // `%73`, `73:65`, `=73` and `\x{73}` without the x
  ["hex", (byte) => hex(byte)],
  ["hex", (byte) => `x${hex(byte)}`],
  ["hex", (byte) => `0x${hex(byte)}`],
  ["unicode escape", (byte) => `u00${hex(byte)}`],
  // `&#115;`, `[115,101]`
  ["decimal", (byte) => String(byte)],
  ["octal", (byte) => byte.toString(8).padStart(3, "0")],
  ["binary", (byte) => byte.toString(2).padStart(8, "0")],
  // A line end, tab, NUL or space after every character, as JSON, URLs, quoted-printable and HTML write it. Of longer ones
  // (`\u0000`) every text would have pieces.
  ...["n", "t", "r", "rn", "0a", "0d", "09", "00", "20", "10"].map(
    (written) => ["escaped separators", (byte: number) => String.fromCharCode(byte) + written] as const,
  ),
];

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** `ghp_`, `sk-ant-api03-`: what every token of a vendor begins with says nothing about one, and does not count. */
export const VENDOR_PREFIX = /^(?:[A-Za-z]{2,10}[0-9]{0,2}[-_.]){1,3}(?=.{16})/;

/**
 * Every spelling of a secret's value that is searched for without decoding anything. Empty for a value with fewer than
 * `least` characters or, where `least` is no smaller than `SECRET_CHARS`, fewer than four different ones: it would be
 * found everywhere.
 */
export function formsOf(value: string, least: number): readonly Form[] {
  const forms = new Map<string, Form>();
  for (const text of textsOf(value)) {
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length < least || (least >= SECRET_CHARS && new Set(bytes).size < 4)) continue;
    for (const form of spellings(text, bytes, VENDOR_PREFIX.exec(text)?.[0].length ?? 0)) {
      const key = Buffer.from(form.symbols).toString("latin1");
      if (form.to - form.from >= least && !forms.has(key)) forms.set(key, form);
    }
  }
  return [...forms.values()];
}

/**
 * The bytes of a value that is to be searched for as it stands, since it has too few letters and digits to be searched for
 * by them. Undefined: it has enough of those, or would be found everywhere.
 */
export function exactBytes(value: string, least: number): Buffer | undefined {
  const bytes = Buffer.from(value, "utf8");
  if (bytes.length < least || new Set(bytes).size < (least >= SECRET_CHARS ? 4 : 2)) return undefined;
  return symbolsOf(bytes.toString("latin1")).length < least ? bytes : undefined;
}

/** The value, its ends where it is long, its lines where it has several, and the password of `user:password`. */
function textsOf(value: string): readonly string[] {
  const lines = value.split(/[\r\n]+/);
  if (lines.length > 1) return lines.filter(isTelling).slice(0, 64).flatMap(endsOf);
  const password = /^[^\s:/]{1,64}:([^\s/]{8,})$/.exec(value)?.[1];
  return [...endsOf(value), ...(password === undefined ? [] : [password])];
}

/** Of a key's or a document's lines those that are no words: a PEM header is in every other key too. */
function isTelling(line: string): boolean {
  return line.length >= 16 && !/^-----|[\s]/.test(line.trim()) && /[0-9]/.test(line) && /[A-Za-z]/.test(line);
}

function endsOf(text: string): readonly string[] {
  if (text.length <= 2 * SECRET_EDGE_BYTES) return [text];
  return [text.slice(0, SECRET_EDGE_BYTES), text.slice(-SECRET_EDGE_BYTES)];
}

/** `prefix`: bytes at the beginning that do not count. */
function* spellings(text: string, bytes: Buffer, prefix: number): Generator<Form> {
  const head = bytes.subarray(0, prefix);
  const raw = (part: Buffer) => symbolsOf(part.toString("latin1"));
  yield* bothWays("raw", raw(bytes), PIECE_CHARS, raw(head).length);
  for (let before = 0; before < 3; before++) {
    const spell = (part: Buffer) => symbolsOf(base(part, before, 6, BASE64));
    yield* bothWays("base64", spell(bytes), 13, spell(head).length);
  }
  for (let before = 0; before < 5; before++) {
    const spell = (part: Buffer) => symbolsOf(base(part, before, 5, BASE32));
    yield* bothWays("base32", spell(bytes), 18, spell(head).length);
  }
  const pieces = Math.min(PIECE_CHARS, bytes.length - prefix);
  for (const [encoding, one] of PER_BYTE) {
    const spell = (part: Buffer) => symbolsOf([...part].map(one).join(""));
    const shortest = Math.min(...[...bytes].map((byte) => one(byte).length));
    const [forwards, backwards] = bothWays(encoding, spell(bytes), pieces * shortest, spell(head).length);
    if (forwards) yield forwards;
    if (backwards && encoding === "hex" && shortest === 2) yield backwards;
  }
  yield* escaped(text);
}

/** As programs write it into a URL, JSON or HTML. */
function* escaped(text: string): Generator<Form> {
  const url = encodeURIComponent(text.toWellFormed());
  const json = JSON.stringify(text).slice(1, -1);
  const html = text.replaceAll(/[&<>"']/g, (c) => HTML.get(c) ?? c);
  for (const [encoding, spelled] of [
    ["percent", url],
    ["JSON escape", json],
    ["HTML entity", html],
  ] as const)
    if (spelled !== text)
      yield* bothWays(encoding, symbolsOf(Buffer.from(spelled, "utf8").toString("latin1")), PIECE_CHARS, 0);
}

const HTML: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/** Forwards and back to front; the first `free` symbols do not count. */
function bothWays(encoding: string, symbols: Uint8Array, wanted: number, free: number): readonly Form[] {
  const { length } = symbols;
  const need = Math.min(wanted, length - free);
  const back = encoding === "raw" ? "reversed" : `reversed ${encoding}`;
  return [
    { encoding, symbols, need, from: free, to: length },
    { encoding: back, symbols: symbols.toReversed(), need, from: 0, to: length - free },
  ];
}

/**
 * The symbols of base 2^`bits` that `bytes` alone decide when `before` unknown bytes come first (RFC 4648): those that
 * share bits with a neighbour are left out.
 */
function base(bytes: Buffer, before: number, bits: number, alphabet: string): string {
  let text = "";
  const total = (before + bytes.length) * 8;
  for (let at = Math.ceil((before * 8) / bits) * bits; at + bits <= total; at += bits) {
    let symbol = 0;
    for (let bit = at; bit < at + bits; bit++) {
      const byte = bytes[(bit >> 3) - before] ?? 0;
      symbol = (symbol << 1) | ((byte >> (7 - (bit & 7))) & 1);
    }
    text += alphabet[symbol] ?? "";
  }
  return text;
}
