/** How long a string is, as the byte before it says. */
export interface LengthByte {
  /** where it ends */
  readonly end: number;
  /** what stands before may be text as well: only what fills the string is one */
  readonly exact: boolean;
}

/** Wire type of what is counted in bytes (protobuf encoding, "Message structure"): the last three bits of a tag. */
const COUNTED = 2;

/**
 * Whether what stands before `at` are a field's tag and a length, as protobuf has them before a string, in which case the
 * length may be a letter or a digit and is no part of a word with the string. `first`: where the text begins.
 */
export function lengthByte(bytes: Uint8Array, at: number, first: number): LengthByte | undefined {
  if (at - 2 < first) return undefined;
  const tag = bytes[at - 2] as number;
  const end = at + (bytes[at - 1] as number);
  // of a field from 16 on the tag is two bytes
  const long = tag < 0x20 && at - 3 >= first && (bytes[at - 3] as number) >= 0x80;
  const low = long ? (bytes[at - 3] as number) : tag;
  if ((low & 7) !== COUNTED) return undefined;
  return { end, exact: tag >= 0x20 || tag === LINE_FEED };
}

/** Field 1, and the end of a line. */
const LINE_FEED = 0x0a;
