/** Characters of a known secret that have to be together to be found, in any spelling; a shorter secret has to be whole. */
export const PIECE_CHARS = 12;

/** Characters of the shortest secret that is searched for; one with fewer letters and digits only as it stands and in encodings, a shorter one not. */
export const SECRET_CHARS = 8;

/** Letters and digits of the shortest credential of the sidecar's own that is masked in answers; a shorter one is not. */
export const MASKED_CHARS = 3;

/** Bytes at the beginning, and as many at the end, of a long secret that are searched for; what lies between is not. */
export const SECRET_EDGE_BYTES = 2048;

/** Letters and digits kept of what came before a chunk, so that what began there is recognised; more is never needed. */
export const HISTORY_SYMBOLS = 512;

/** Beginnings of secrets followed at once in one text; more: the oldest is given up as if it had ended. */
export const CANDIDATE_COUNT = 256;

/** Symbols of a spelling that must have come before its bytes are held back; fewer go on, they are no piece of anything yet. */
export const HELD_SYMBOLS = 4;

/** Bytes of a text that are read at once; more are read in several goes. */
export const SLICE_BYTES = 64 * 1024;
