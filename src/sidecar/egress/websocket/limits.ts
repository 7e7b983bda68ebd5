/** Characters of Sec-WebSocket-Extensions in one head; more: 400 (request) or 502 (response). */
export const EXTENSION_CHARS = 4096;

/** Extensions offered in one WebSocket handshake; more: 400 (request) or 502 (response). */
export const EXTENSION_COUNT = 16;

/** Bytes of one WebSocket message on the wire, all its frames together; more: closed with 1009. */
export const MESSAGE_BYTES = 1024 * 1024 * 1024;

/** Frames of one WebSocket message; more: closed with 1009. */
export const FRAGMENT_COUNT = 16_384;

/** Bytes of a message held whole before any of it goes; of a longer one what can be judged goes on, and a find in it blocks. */
export const WHOLE_BYTES = 256 * 1024;

/** Bytes of a message that must be whole, because it is compressed or may be rewritten; a longer compressed one: closed with 1009, `dlp.body_too_large`. */
export const HELD_MESSAGE_BYTES = 8 * 1024 * 1024;

/** Bytes that all messages held in one bottle may have together; more: closed with 1009, `dlp.body_too_large`. */
export const HELD_TOTAL_BYTES = 64 * 1024 * 1024;

/** Bytes that a piece of a held message counts for besides its own. */
export const PIECE_BYTES = 256;

/** Bytes of a block that small pieces of held messages are copied into. */
export const BLOCK_BYTES = 8 * 1024;

/** Bytes a compressed message may become; more: closed with 1009, `dlp.body_too_large`. */
export const INFLATED_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Times its size that a compressed message may become, beyond `INFLATED_FREE_BYTES`; more: closed with 1009, `dlp.body_too_large`. */
export const INFLATED_RATIO = 200;

/** Bytes that a compressed message may become whatever the ratio. */
export const INFLATED_FREE_BYTES = 1024 * 1024;

/** Ping and pong frames that wait behind a message that is being judged; more: closed with 1008. */
export const CONTROL_COUNT = 64;

/** Milliseconds from the first close frame to the other side's; longer: both sides closed. */
export const CLOSE_MS = 10_000;
