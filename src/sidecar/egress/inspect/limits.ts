/** Content codings of one body, stated or found by their magic, that are undone; more: `dlp.body_too_large`. */
export const CODING_COUNT = 3;

/** Bytes a body may become when its codings are undone; they stream, none are kept. More: `dlp.body_too_large`. */
export const DECODED_BYTES = 4 * 1024 * 1024 * 1024;

/** Times its coded size that a body may become, beyond `DECODED_FREE_BYTES`; more: `dlp.body_too_large` (zip bombs). */
export const DECODED_RATIO = 200;

/** Bytes that a body may become whatever the ratio. */
export const DECODED_FREE_BYTES = 16 * 1024 * 1024;

/** Bytes a decoder gives at a time. */
export const DECODER_PIECE_BYTES = 64 * 1024;

/** Logarithm of the largest zstd window (RFC 9659: 8 MiB); a frame that asks for more is `dlp.body_unreadable`. */
export const ZSTD_WINDOW_LOG = 23;
