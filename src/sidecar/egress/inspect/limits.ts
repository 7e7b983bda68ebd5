/** Content codings of one body, stated or found by their magic, that are undone; more: `dlp.body_too_large`, and `model.body_unreadable` where the body is a request to a model's API. */
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

/** Bytes of one gRPC message that is compressed, or that is rewritten; it is held whole. More: `dlp.body_too_large`. */
export const GRPC_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Bytes a compressed gRPC message may become; more: `dlp.body_too_large`. */
export const GRPC_DECODED_BYTES = 32 * 1024 * 1024;

/** Bytes before the first boundary of a multipart body; more: `dlp.body_unreadable`. */
export const PREAMBLE_BYTES = 4096;

/** Bytes of the header section of one part; more: `dlp.body_unreadable`. */
export const PART_HEAD_BYTES = 16 * 1024;

/** Parts of one multipart body, those inside parts included; more: `dlp.body_too_large`. */
export const PART_COUNT = 10_000;

/** Multipart bodies inside each other; more: `dlp.body_too_large`. */
export const MULTIPART_DEPTH = 3;

/** Bytes of a coded request body that wait to be read and judged; from there on the agent is not read from. */
export const HELD_BYTES = 1024 * 1024;

/** Bytes of a body without codings that wait to be judged; more: `dlp.body_too_large`. */
export const UNJUDGED_BYTES = 8 * 1024 * 1024;

/** Milliseconds after which a body that pauses lets go of what could only be the beginning of a secret: what would complete it is still found. */
export const HOLD_IDLE_MS = 30;

/** Times that what a redaction leaves is searched again and redacted again; what is still found then is blocked. */
export const REDACTION_ROUNDS = 3;

/** Bytes of the body of a request to a model's API (a route with `body`), coded and decoded; it is held whole. More: `dlp.body_too_large`. */
export const MODEL_BODY_BYTES = 32 * 1024 * 1024;

/** Bytes that all such bodies of one bottle may have together until their requests are over, and decoded while they are read; more: `dlp.body_too_large`, to be tried again. */
export const MODEL_HELD_BYTES = 96 * 1024 * 1024;

/** Milliseconds after its start from which on a sidecar makes what the first request would wait for. */
export const WARM_AFTER_MS = 1000;

/** Milliseconds between two parts of that. */
export const WARM_PAUSE_MS = 20;

/** Bytes at the beginning and at the end of a multipart part that are read together with what is around it. */
export const EDGE_BYTES = 256;

/** Bytes of one encoded multipart part that is kept whole, so that it can be rewritten; a find in a longer one is blocked. */
export const EDITED_PART_BYTES = 1024 * 1024;

/** Bytes of a body that is redacted as it streams that wait for what comes next, for a find may begin in them; they go after a pause, and gRPC messages when they are whole. */
export const REDACTION_LAG_BYTES = 512;

/** Finds that are taken out of one body or WebSocket message (one place may be several: as it stands, and decoded); one that holds more is blocked. */
export const REDACTION_COUNT = 4096;

/** Times `HOLD_IDLE_MS` after which a body that is redacted as it streams, and pauses, lets go of what it holds: what would complete a find is blocked then. */
export const REDACTION_PAUSES = 10;

/** Bytes before the first label in a body that are searched again with what comes after it. */
export const RECHECK_BYTES = 512;

/** Bytes of a coded body, as it comes, that is held so that it can be rewritten; a find in a longer one is blocked. */
export const RECODED_BYTES = 8 * 1024 * 1024;

/** Bytes such a body may become when it is decoded to be rewritten; a find in one of more is blocked. */
export const RECODED_TEXT_BYTES = 64 * 1024 * 1024;

/** Bytes of a body of stated length that is held whole on a route that redacts, so that its length can change; in a longer one what is found is overwritten in as many bytes, or blocked. */
export const REFRAMED_BYTES = 8 * 1024 * 1024;

/** Bytes that all bodies held to be redacted have together in one bottle; beyond, they go as longer ones do. */
export const REFRAMED_TOTAL_BYTES = 64 * 1024 * 1024;

/** Bytes of a large request body that are read as one when they came in one turn of the event loop; more: the rest is read by itself. */
export const GATHERED_BYTES = 64 * 1024;

/** Bytes from which on a piece of it waits for the end of the turn in which it came; a smaller one that comes first is read at once. */
export const GATHERED_FROM_BYTES = 4096;
