const FORMATS: readonly (readonly [name: string, magic: Buffer])[] = [
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ["7z", Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])],
  ["RAR", Buffer.from([0x52, 0x61, 0x72, 0x21, 0x1a, 0x07])],
  ["lz4", Buffer.from([0x04, 0x22, 0x4d, 0x18])],
  ["lzip", Buffer.from([0x4c, 0x5a, 0x49, 0x50, 0x01])],
  ["snappy", Buffer.from([0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59])],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (level) =>
      ["bzip2", Buffer.concat([Buffer.from(`BZh${level}`), Buffer.from("314159265359", "hex")])] as const,
  ),
];

/** Their first two bytes, read as one number. */
export const UNREADABLE_PAIRS: readonly number[] = [
  ...new Set(FORMATS.map(([, magic]) => magic.readUInt16BE())),
];

/** 1: one of them. */
const IS_FIRST = new Uint8Array(256);
for (const pair of UNREADABLE_PAIRS) IS_FIRST[pair >> 8] = 1;

/** Bytes that the shortest file of such a format has when there is something in it; fewer only speak of it. */
export const LEAST_FORMAT_BYTES = 32;

/** The compressed format that can't be undone here and begins with these bytes; `undecided`: more of them would tell. */
export function unreadableFormat(beginning: Buffer): string | undefined {
  const format = formatOf(beginning);
  return format === undefined || beginning.length >= LEAST_FORMAT_BYTES ? format : "undecided";
}

function formatOf(beginning: Buffer): string | undefined {
  const first = beginning[0];
  // asked of every run that is decoded: nearly none begins so
  if (first !== undefined && IS_FIRST[first] === 0) return undefined;
  for (const [name, magic] of FORMATS) {
    const length = Math.min(magic.length, beginning.length);
    if (magic.compare(beginning, 0, length, 0, length) !== 0) continue;
    return length === magic.length ? name : "undecided";
  }
  return undefined;
}

/** Whether such a format begins with these bytes. */
export function isUnreadable(beginning: Buffer): boolean {
  const format = formatOf(beginning);
  return format !== undefined && format !== "undecided";
}
