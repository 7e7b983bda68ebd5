import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { SECRETS } from "./bottle.ts";

const nested = Buffer.from("nested ".repeat(20)).toString("base64");

/** Texts that are one thing again and again, by name: latin1. */
export const STORMS: readonly (readonly [name: string, unit: string])[] = [
  ...["key-", "gsk_", "hf_", "bot ", "datadog", "sk-proj-"].map(
    (keyword) => [`only ${JSON.stringify(keyword)}`, keyword] as const,
  ),
  ["long names", "aLongNameOfAVariableInACamel = anotherOneOfThese_forTheWhole(text);\n"],
  ["short runs", "eyJzaG9ydCI6MX0abcd.QUFBQUFBQUFBQUFBQUFB "],
  ["base64 of base64", `${Buffer.from(nested).toString("base64")}\n\n.`],
  ["hex of text", `${Buffer.from("what a program says ").toString("hex")}.`],
  ["gzip again and again", gzipSync(Buffer.alloc(3000, "a")).toString("latin1")],
  ["gzip of one byte", gzipSync("x").toString("latin1")],
  ["gzip's head alone", "\u001f\u008b\u0008\u0000\u0000\u0000\u0000\u0000\u0000\u0003"],
  ["zlib's head alone", "\u0078\u009c"],
  ["zlib of words", deflateSync("what a program says").toString("latin1")],
  ["zstd of a word", zstdCompressSync("hello").toString("latin1")],
  ["base64 of escapes", `${Buffer.from("say %41%42 \\u0041 and").toString("base64")} `],
  ["base64 of gzip", `${gzipSync("what a program says ").toString("base64")} `],
  ["base32 of words", "O5UGC5BAMEQHA4TPM5ZGC3JAONQXS4ZA "],
  ["almost a secret", `${SECRETS.at(-1)?.value.reveal().slice(0, 11)}!`],
  ["separators", "s-e-c-r-e-t-s-a-r-e-s-p-l-i-t-"],
  ["percent escapes", "%41%4a"],
];

/** Pieces that a text made to be slow is made of: keywords, near misses, what is decoded, magic numbers. */
export function pieces(): readonly string[] {
  const secret = SECRETS.at(-1)?.value.reveal() ?? "";
  const almost = secret.slice(0, 11);
  return [
    ...builtinPatterns().keywords,
    almost,
    Buffer.from(almost).toString("base64"),
    Buffer.from(almost).toString("hex"),
    Buffer.from(almost).toString("hex").replaceAll(/../g, "\\u00$&"),
    "%41",
    "&#65;",
    "=41",
    "\\u0041",
    "QUFB",
    " ",
    "\n",
    "A",
    "a0".repeat(40),
    ...STORMS.map(([, unit]) => unit),
    gzipSync(Buffer.alloc(3000, "a")).toString("latin1"),
    "\u001f\u008b\u0008",
    "\u0078\u009c",
    "PK\u0003\u0004",
    "\u0028\u00b5\u002f\u00fd",
    "-----BEGIN ",
    "\u00e2\u0080\u008b",
  ];
}

/** `recipe`: numbers of pieces, said again and again until `size` bytes are full. */
export function textOf(recipe: readonly number[], all: readonly string[], size: number): Buffer {
  const unit = Buffer.from(recipe.map((number) => all[number] ?? "").join("") || " ", "latin1");
  return Buffer.alloc(size, unit);
}
