import { DROPPED_ESCAPES } from "./dropped-escapes.ts";
import { ESCAPES } from "./escapes.ts";
import { LOOK_ALIKES, TAGS } from "./look-alikes.ts";
import { QUOTED_PRINTABLE } from "./quoted-printable.ts";
import type { Spelling } from "./spelling.ts";

/** The ways of spelling that are undone in every text. */
export const SPELLINGS: readonly Spelling[] = [ESCAPES, QUOTED_PRINTABLE, LOOK_ALIKES, TAGS, DROPPED_ESCAPES];

/** What may stand behind an escape's first character. */
const SECONDS: Readonly<Record<string, string>> = {
  "%": "0123456789abcdefABCDEFuU",
  "&": "#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
  "\\": "\\/uUx01234567\r\n",
  "=": "23456789abcdefABCDEF\r\n",
};

/** What may stand behind the first character of what is taken out. */
const DROPPED_SECONDS: Readonly<Record<string, string>> = {
  "%": SECONDS["%"] ?? "",
  "&": SECONDS["&"] ?? "",
  "\\": "\\uUx01234567",
  "=": "23456789ABCDEF",
  "<": "/!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
};

/** The bits of the spellings that may begin with a byte. One pass over a text looks for all of them. */
export const LEADS = new Uint8Array(256);

for (const byte of Buffer.from("%&\\")) LEADS[byte] = ESCAPES.bit;
LEADS[0x3d] = QUOTED_PRINTABLE.bit;
// Of UTF-8: Latin with marks, combining marks, Greek, Cyrillic, Armenian; then the blocks of other three and four bytes
// that hold a look-alike or something invisible.
for (let lead = 0xc2; lead <= 0xd6; lead++) LEADS[lead] = LOOK_ALIKES.bit;
for (const lead of [0x00, 0xe1, 0xe2, 0xe3, 0xea, 0xef, 0xf0]) LEADS[lead] = LOOK_ALIKES.bit;
LEADS[0xe0] = LOOK_ALIKES.bit;
LEADS[0xf3] = LOOK_ALIKES.bit | TAGS.bit;

/** The bits of the spellings that may begin with two bytes; index: the first times 256 and the second. */
export const PAIRS = new Uint8Array(65536);

for (const [lead, bits] of LEADS.entries()) {
  if (bits === 0) continue;
  const row = PAIRS.subarray(lead << 8, (lead + 1) << 8);
  const seconds = lead < 0x80 ? SECONDS[String.fromCharCode(lead)] : undefined;
  if (seconds !== undefined) for (const second of Buffer.from(seconds)) row[second] = bits;
  else if (lead === 0) row.fill(bits, 0x21, 0x7f);
  else row.fill(bits, 0x80, 0xc0);
}

for (const [character, seconds] of Object.entries(DROPPED_SECONDS)) {
  const lead = character.charCodeAt(0);
  LEADS[lead] = (LEADS[lead] as number) | DROPPED_ESCAPES.bit;
  for (const second of Buffer.from(seconds)) {
    const pair = (lead << 8) | second;
    PAIRS[pair] = (PAIRS[pair] as number) | DROPPED_ESCAPES.bit;
  }
}
