/** Characters of one text in a record (a host, a path, a detail); longer is cut with an ellipsis. */
export const MAX_TEXT = 1024;

/** Fields of one record; more are left out. */
export const MAX_FIELDS = 32;

/** Items of a list in a record; more are left out. */
export const MAX_ITEMS = 16;

/** Characters of one message of a request (its fields and body) in a line; a longer one is left out. */
export const MAX_MESSAGE = 28_672;

/** Bytes of one line; a record that would be longer has each of its texts cut to `SHORT_TEXT`, then its messages left out. A longer line is no journal's. */
export const MAX_LINE = 65_536;

/** Characters of one text in a record cut down to fit `MAX_LINE`, and of a field's name in any. */
export const SHORT_TEXT = 64;

/** Items of a list in a record cut down to fit `MAX_LINE`. */
export const SHORT_ITEMS = 4;

/** Bytes of the head file, padded: one write replaces all of it. */
export const HEAD_SIZE = 512;

/** Characters of a bottle's ID; a longer one is a bug and throws. */
export const MAX_ID = 128;

/** Bytes that wait for the next batch; at this many they are written at once. */
export const MAX_PENDING = 262_144;

/** Problems listed by one verification; the rest are counted in the last. */
export const MAX_PROBLEMS = 20;

/** Milliseconds between looks at a journal that is being followed. */
export const FOLLOW_INTERVAL = 200;
