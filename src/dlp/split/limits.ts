/** Milliseconds for which pieces of a secret in different requests belong together; older ones are forgotten. */
export const SPLIT_WINDOW_MS = 10 * 60 * 1000;

/** Requests for which pieces of a secret belong together; older ones are forgotten. */
export const SPLIT_REQUESTS = 4096;

/** Pieces of one secret that are remembered; more: the oldest is forgotten. */
export const SPLIT_PIECES = 64;

/** Parameters, and as many fields, path positions and JSON leaves, whose values are put one behind the other; more: the one unused for longest is forgotten. */
export const SPLIT_KEYS = 256;

/** Characters of a value that is put behind the one before it; longer values are searched for pieces only. */
export const SPLIT_VALUE_CHARS = 64;

/** Characters of the values of one key that are read as one text; beyond them the last quarter is kept and goes on. */
export const SPLIT_TEXT_CHARS = 2048;

/** Values of one request that are put behind those before them; what comes after is searched for pieces only. */
export const SPLIT_VALUES = 128;

/** Bytes at the beginning of a body that are looked at across requests; the rest is searched by itself only. */
export const SPLIT_BODY_BYTES = 4096;

/** Bits of chance that a piece must have to count wherever it stands: six characters of a random token, nine of hex. */
export const PIECE_BITS = 34;

/** Bits of chance that a piece must have where it stands alone between other characters than letters and digits. */
export const ALONE_PIECE_BITS = 22;

/** Characters of the shortest piece that is looked for; shorter ones are found only where they are values of the same key. */
export const SHORTEST_PIECE = 4;
