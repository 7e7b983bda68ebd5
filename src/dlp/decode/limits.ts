/** Bytes of a text decoded at a time, so that the scratch memory of a decoder stays in the processor's cache; longer writes are cut. */
export const PIECE_BYTES = 32 * 1024;

/** Characters of the base64 alphabet side by side (line ends and `=` not counted) from which on a run is decoded; shorter runs are not. */
export const BASE64_RUN = 16;

/** Hex digits side by side, separators not counted, from which on a run is decoded; shorter runs are not. */
export const HEX_RUN = 16;

/** Bytes of plain text kept on both sides of an escape sequence, so that what it stands in can be recognised; between two that are further apart the text is left out. */
export const CONTEXT_BYTES = 160;

/** Bytes decoded out of one text, all encodings and depths together; more: the text is refused as too large to judge. */
export const DECODED_BYTES = 1024 ** 3;
