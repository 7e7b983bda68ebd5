/** Characters of the base64 alphabet or hex digits in a row, line ends not counted, from which on a run is decoded; shorter ones are not. */
export const RUN_CHARS = 16;

/** Characters of a run up to which it is judged where it stands, before it is decoded; a longer one is decoded first. */
export const JUDGED_CHARS = 512;

/** Characters of a run decoded together; a longer run is decoded in parts that overlap. */
export const SEGMENT_CHARS = 64 * 1024;

/** Characters that two parts of a long run have in common, so that nothing is cut in two. */
export const OVERLAP_CHARS = 2048;

/** Characters of an open run from which on only the last half of them is decoded again after a pause, or a message of a WebSocket. */
export const SETTLED_CHARS = 8192;

/** Bytes in a row that have to look like text for a decoded run to be read; another one is noise, and passed over. */
export const TEXT_BYTES = 10;

/** Bytes from which on a decoded run is long: chance makes short pieces of text in it. */
export const LONG_BYTES = 512;

/** Bytes in a row that have to look like text in a long decoded run; without them it is passed over. */
export const LONG_TEXT_BYTES = 16;

/** Encodings inside each other that are undone; what lies deeper is not looked at. */
export const DEPTH = 3;

/** Bytes that what is compressed in one text, or in one message of it, may become whatever its size; they stream, few are kept. */
export const INFLATED_FREE_BYTES = 4 * 1024 * 1024;

/** Times its size that a text may become beyond that, all that is compressed in it together; more: `dlp.body_too_large` (zip bombs). */
export const INFLATED_RATIO = 200;

/** Bytes up to which that ratio holds: what becomes more takes seconds to read, and is worth fewer times its size. */
export const INFLATED_LARGE_BYTES = 64 * 1024 * 1024;

/** Times its size that a text may become beyond those; more: `dlp.body_too_large`. Logs that pack well become 10 to 30 times as large. */
export const INFLATED_LARGE_RATIO = 32;

/** Bytes of compressed data that are inflated at a time. */
export const SLICE_BYTES = 16 * 1024;

/** Compressed data that go on at the same place of a text, one inside or beside the other; more: `dlp.body_unreadable`. */
export const MEMBER_COUNT = 4;

/** Bytes of one zstd frame, which is held until it can be read; more: `dlp.body_too_large`. */
export const ZSTD_BYTES = 8 * 1024 * 1024;

/** Bytes that a zstd frame may become; more: `dlp.body_too_large`. */
export const ZSTD_INFLATED_BYTES = 32 * 1024 * 1024;

/** Bytes of the window of a zstd frame (RFC 9659: 8 MiB); a frame that asks for more: `dlp.body_unreadable`. */
export const ZSTD_WINDOW_BYTES = 8 * 1024 * 1024;

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

/** Characters between two escapes that are taken out from between those of a known secret; where more are, escapes are text. */
export const DENSE_PIECE_BYTES = 12;

/** Escapes side by side that are looked through for what stands behind them; more are taken out from between characters of a known secret, whatever does. */
export const SEPARATOR_COUNT = 16;

/** Characters of base32 in a row from which on they are decoded: twenty bytes. */
export const BASE32_CHARS = 32;

/** Digits and what stands between them from which on they are read as a list of bytes: sixteen of them. */
export const LIST_CHARS = 47;

/** Characters of base32, or of a list, that are decoded together; longer ones in parts that overlap. */
export const CLASS_SEGMENT_CHARS = 16 * 1024;
