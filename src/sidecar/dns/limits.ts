/** Seconds a client may keep the synthetic answer. */
export const ANSWER_TTL = 60;

/** Bytes of a query that is looked at; a longer one is dropped (UDP) or ends its connection (TCP). */
export const MAX_QUERY = 4096;

/** Bytes of a name on the wire (RFC 1035 §3.1); a longer one is answered FORMERR and recorded. */
export const MAX_WIRE_NAME = 255;

/** Characters of a name that no ordinary name reaches; an A question for a longer one is answered and recorded. */
export const LONG_NAME = 120;

/** Additional records in a query (EDNS has one); more is answered FORMERR. */
export const MAX_ADDITIONAL = 4;

/** DNS connections open at once; more are closed at once. */
export const MAX_CONNECTIONS = 64;

/** Queries on one connection; it is closed after them. */
export const MAX_QUERIES_PER_CONNECTION = 256;

/** Milliseconds without a byte in either direction; the connection is closed. */
export const IDLE_TIMEOUT = 10_000;

/** Events recorded in a burst; those over it are counted in the next event. */
export const EVENT_BURST = 20;

/** Milliseconds after which one more event may be recorded. */
export const EVENT_INTERVAL = 1000;
