/** Bytes of a request or response head, start line and fields with their line ends; longer: 400 (request) or 502 (response), connection closed. */
export const HEAD_BYTES = 64 * 1024;

/** Bytes of a request line or status line; longer: 400 or 502, connection closed. */
export const START_LINE_BYTES = 32 * 1024;

/** Fields of one head or trailer section; more: 400 or 502, connection closed. */
export const FIELD_COUNT = 200;

/** Bytes of a trailer section; longer: 400 or 502, connection closed. */
export const TRAILER_BYTES = 16 * 1024;

/** Bytes of one chunk-size line with its extensions (RFC 9112 §7.1.1); longer: 400 or 502, connection closed. */
export const CHUNK_LINE_BYTES = 1024;

/** Bytes of all chunk extensions of one body (CVE-2023-39326: tiny chunks, large extensions); more: 400 or 502. */
export const CHUNK_EXTENSION_BYTES = 16 * 1024;

/** Interim (1xx) responses to one request; more: 502, connections closed. */
export const INFORMATIONAL_COUNT = 32;

/** Bytes of pipelined requests read ahead while one is being answered; from there on reading pauses. */
export const PIPELINE_BYTES = 64 * 1024;

/** Bytes of a request body read and thrown away after its answer is complete, so that the connection can go on; where more may follow, the answer says `Connection: close`. */
export const DISCARD_BYTES = 256 * 1024;

/** Bytes joined into one write instead of handed to the kernel as several buffers. */
export const JOIN_BYTES = 64 * 1024;

/** Bytes of a ClientHello with its record headers (post-quantum key shares need about 2 KiB); longer: connection closed. */
export const CLIENT_HELLO_BYTES = 16 * 1024;

/** Milliseconds from accepting a connection, or from the CONNECT answer, to the end of the TLS handshake; longer: closed. */
export const HANDSHAKE_MS = 15_000;

/** Milliseconds from the first byte of a request head to its end (slowloris); longer: closed. */
export const HEAD_MS = 20_000;

/** Milliseconds a client connection may wait for its next request; longer: closed. */
export const KEEP_ALIVE_MS = 120_000;

/** Milliseconds without a byte in either direction inside one request; longer: both sides closed. Models may think for minutes. */
export const EXCHANGE_IDLE_MS = 15 * 60_000;

/** Milliseconds a connection is read and thrown away after a closing answer, so that the client can read it; then destroyed. */
export const LINGER_MS = 2_000;

/** Connections from the bottle open at once; more: closed at once, journalled. */
export const CONNECTION_COUNT = 2048;

/** Requests answered over one HTTP/2 connection at once (SETTINGS_MAX_CONCURRENT_STREAMS); more: refused by the protocol. */
export const STREAM_COUNT = 128;

/** Bytes of an HTTP/2 field section as RFC 9113 §6.5.2 counts; larger: the stream is refused. */
export const HEADER_LIST_BYTES = 64 * 1024;

/** Bytes an HTTP/2 peer may send on one stream before it is read (SETTINGS_INITIAL_WINDOW_SIZE). */
export const STREAM_WINDOW_BYTES = 1024 * 1024;

/** Bytes an HTTP/2 peer may send on one connection before they are read. */
export const SESSION_WINDOW_BYTES = 4 * 1024 * 1024;

/** Megabytes node:http2 may use for one connection, queued data included; more: new streams on it are refused. */
export const SESSION_MEMORY_MB = 64;

/** Milliseconds an idle upstream connection is kept. Below the usual keep-alive of servers (60 s and more). */
export const UPSTREAM_IDLE_MS = 30_000;

/** Idle upstream connections kept for one origin; more: closed. */
export const UPSTREAM_IDLE_PER_ORIGIN = 64;

/** Idle upstream connections kept in all; more: closed. */
export const UPSTREAM_IDLE_COUNT = 256;

/** Upstream connections open or being opened at once; more: 403 `egress.limit_exceeded`, retryable. */
export const UPSTREAM_COUNT = 2048;

/** Origins whose HTTP version is remembered; the oldest is forgotten. */
export const UPSTREAM_ORIGIN_COUNT = 512;

/** Milliseconds to resolve a name; longer: 502, retryable. */
export const RESOLVE_MS = 10_000;

/** Milliseconds an answer of the resolver is used again. */
export const RESOLVE_CACHE_MS = 30_000;

/** Names whose addresses are kept; the oldest is dropped. */
export const RESOLVE_CACHE_COUNT = 512;

/** Addresses of one name that are looked at; a name with more is refused. */
export const ADDRESS_COUNT = 64;

/** Addresses of one name, all of them checked, that are tried one after the other; then 502, retryable. */
export const ATTEMPT_COUNT = 6;

/** Milliseconds to connect to one address while others are left to try. */
export const CONNECT_ATTEMPT_MS = 3_000;

/** Milliseconds to connect to the last address. */
export const CONNECT_MS = 10_000;

/** Milliseconds of the TLS handshake with the upstream; longer: 502, retryable. */
export const UPSTREAM_HANDSHAKE_MS = 10_000;

/** Bytes of an upstream proxy's answer to CONNECT; longer: 502. */
export const PROXY_ANSWER_BYTES = 16 * 1024;

/** Leaf certificates kept with their TLS contexts; the one used longest ago is dropped and minted again when asked for. */
export const LEAF_COUNT = 256;

/** Days a bottle's CA is valid; a bottle that runs longer must be resumed, which makes a new one. */
export const CA_DAYS = 30;

/** Days a leaf is valid, never past its CA; an older one is minted again. */
export const LEAF_DAYS = 7;

/** Bytes of a length-delimited answer that is held whole to be inspected; a larger one streams, and what is masked in it keeps its length. */
export const MASK_WHOLE_BYTES = 64 * 1024;

/** Bytes of a coded answer that wait to be read and judged; from there on the upstream is not read from. */
export const ANSWER_HELD_BYTES = 1024 * 1024;

/** Bytes of each body that `egress.log: 2` copies; of the rest only the number is journalled. */
export const LOG_BODY_BYTES = 16 * 1024;

/** Characters a body takes up in the journal's line, escaped; what doesn't fit is left out and its bytes are counted. Base64 of `LOG_BODY_BYTES` fits. */
export const LOG_BODY_CHARS = 21_848;

/** Characters the fields of one message take up in the journal's line, escaped; fields that don't fit are left out and counted. */
export const LOG_FIELDS_CHARS = 6 * 1024;

/** Characters of one field in the journal, name included; longer is cut with an ellipsis. */
export const LOG_FIELD_CHARS = 1024;

/** Bytes a captured body may have when its content codings are undone for the journal; more: it is not journalled, and the record says so. */
export const LOG_DECODED_BYTES = 256 * 1024;

/** Content codings of one body that are undone for the journal; more: it is not journalled, and the record says so. */
export const LOG_CODING_COUNT = 3;

/** Characters of a secret, or of a credential the agent brought, from which on the journal masks it wherever it stands; a shorter one only where it was put on or taken off. */
export const LOG_SECRET_CHARS = 8;

/** Spellings of credentials the agent brought in one request that the journal masks elsewhere in it too; those beyond are taken out of their own fields only. */
export const LOG_BROUGHT_COUNT = 16;

/** Findings of one exchange that are journalled; more are left out of its record, and acted on all the same. */
export const FINDING_COUNT = 16;

/** Bytes at the beginning of an answer, of a type that isn't text, that are looked at for whether they are text. */
export const SNIFFED_BYTES = 1024;

/** Cookies remembered that hosts of one credential have set; the one set longest ago is forgotten, and taken off as the agent's own when it comes back. */
export const COOKIE_COUNT = 512;

/** Characters of a cookie's name and value (RFC 6265 §6.1); a longer one is not remembered, and taken off when it comes back. */
export const COOKIE_CHARS = 4096;

/** Bytes of the name of a body's field that can be the name of a credential, escapes and all; a longer one is none. */
export const FIELD_NAME_BYTES = 256;

/** Bytes of a credential in a body that may be one the route allows; a longer one is not: the request is refused. */
export const BROUGHT_VALUE_BYTES = 16 * 1024;

/** Things taken off one request that are journalled by name; of more only the number is. */
export const REMOVED_COUNT = 32;
