/** A set of bytes: 1 at the index of each member. */
export type ByteSet = Uint8Array;

export function byteSet(...ranges: readonly (readonly [from: number, to: number])[]): ByteSet {
  const set = new Uint8Array(256);
  for (const [from, to] of ranges) set.fill(1, from, to + 1);
  return set;
}

export function union(...sets: readonly ByteSet[]): ByteSet {
  return new Uint8Array(256).map((_, byte) => (sets.some((set) => set[byte] === 1) ? 1 : 0));
}

export function complement(set: ByteSet): ByteSet {
  return set.map((member) => 1 - member);
}

export function disjoint(a: ByteSet, b: ByteSet): boolean {
  return !a.some((member, byte) => member === 1 && b[byte] === 1);
}

export function within(part: ByteSet, whole: ByteSet): boolean {
  return !part.some((member, byte) => member === 1 && whole[byte] !== 1);
}

/** The set with every ASCII letter in both cases. */
export function caseless(set: ByteSet): ByteSet {
  return set.map((member, byte) => {
    if (byte >= 0x41 && byte <= 0x5a) return member | (set[byte + 32] ?? 0);
    if (byte >= 0x61 && byte <= 0x7a) return member | (set[byte - 32] ?? 0);
    return member;
  });
}

/** The one character, in lower case, that the set's members are spellings of; undefined of any other set. */
export function onlyCharacter(set: ByteSet): string | undefined {
  const members = [...set.keys()].filter((byte) => set[byte] === 1);
  const characters = new Set(members.map((byte) => String.fromCharCode(byte).toLowerCase()));
  return characters.size === 1 ? [...characters][0] : undefined;
}

export const DIGIT = byteSet([0x30, 0x39]);
/** `\w` of RE2: ASCII only. */
export const WORD = byteSet([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
export const SPACE = byteSet([0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]);
/** `.` without the `s` flag. */
export const NOT_NEWLINE = complement(byteSet([0x0a, 0x0a]));
export const ANY = byteSet([0, 255]);
export const POSIX: ReadonlyMap<string, ByteSet> = new Map([
  ["alnum", byteSet([0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a])],
  ["alpha", byteSet([0x41, 0x5a], [0x61, 0x7a])],
  ["digit", DIGIT],
  ["lower", byteSet([0x61, 0x7a])],
  ["upper", byteSet([0x41, 0x5a])],
  ["word", WORD],
  ["space", union(SPACE, byteSet([0x0b, 0x0b]))],
  ["xdigit", byteSet([0x30, 0x39], [0x41, 0x46], [0x61, 0x66])],
  ["punct", byteSet([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e])],
]);
