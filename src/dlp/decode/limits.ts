/** Characters of the base64 alphabet or hex digits in a row, line ends not counted, from which on a run is decoded; shorter ones are not. */
export const RUN_CHARS = 16;

/** Characters of a run decoded together; a longer run is decoded in parts that overlap. */
export const SEGMENT_CHARS = 64 * 1024;

/** Characters that two parts of a long run have in common, so that nothing is cut in two. */
export const OVERLAP_CHARS = 2048;

/** Bytes in a row that have to look like text for a decoded run to be read; another one is noise, and passed over. */
export const TEXT_BYTES = 10;

/** Bytes from which on a decoded run is long: chance makes short pieces of text in it. */
export const LONG_BYTES = 512;

/** Bytes in a row that have to look like text in a long decoded run; without them it is passed over. */
export const LONG_TEXT_BYTES = 16;

/** Encodings inside each other that are undone; what lies deeper is not looked at. */
export const DEPTH = 3;

/** Bytes that compressed data inside an encoded run may grow to; more is a bomb, and a find of its own. */
export const INFLATED_BYTES = 8 * 1024 * 1024;

/** Bytes that all compressed data inside the encoded runs of one text may grow to; more is a find of its own. */
export const INFLATED_TOTAL_BYTES = 64 * 1024 * 1024;

/** Places in one decoded run that are tried as the beginning of compressed data of one format; more are not. */
export const INFLATE_TRIES = 4;

/** Symbols of what may be deflated data that are looked at before it is tried. */
export const DEFLATE_SYMBOLS = 24;

/** Bytes before the first escape or look-alike, and behind the last one, that are read with it: a token may begin and end with plain characters. */
export const AROUND_BYTES = 256;

/** Places of a text spelled in escapes that are known byte for byte; of what stands before them, replacing covers more than it has to. */
export const PLACE_COUNT = 8192;

/** Backslashes in a row that are read as one; after more nothing is an escape. */
export const BACKSLASHES = 16;

/** Characters between `&` and `;`, or of a number between braces; a longer reference is none. */
export const REFERENCE_CHARS = 20;
