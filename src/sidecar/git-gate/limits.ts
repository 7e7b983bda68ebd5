/** Bytes of one packet of git's protocol, its length included (gitprotocol-common); a longer one is a protocol error. */
export const MAX_PKT_LINE = 65_520;
/** Refs of an upstream; one with more is not mirrored. */
export const MAX_REFS = 500_000;
/** Commands of one push; one with more is refused. */
export const MAX_COMMANDS = 4096;
/** Bytes of all commands of one push; more is refused. */
export const MAX_COMMAND_BYTES = 2 * 1024 * 1024;
/** Options of one push, and bytes of all of them; more is refused. */
export const MAX_PUSH_OPTIONS = 64;
export const MAX_PUSH_OPTION_BYTES = 16 * 1024;
/** Bytes of one push's pack; more is refused with `git.too_large`. */
export const MAX_PACK_BYTES = 4 * 1024 * 1024 * 1024;
/** Objects of one push; more is refused with `git.too_large`. */
export const MAX_PACK_OBJECTS = 2_000_000;
/** Bytes of one object; more is refused with `git.too_large`. */
export const MAX_OBJECT_BYTES = 2 * 1024 * 1024 * 1024;
/** Bytes of all objects of one push, unpacked; more is refused with `git.too_large`. */
export const MAX_PUSH_BYTES = 16 * 1024 * 1024 * 1024;
/** Bytes of what a mirror's state is read as; a mirror with more is made anew. */
export const MAX_STATE_BYTES = 128 * 1024 * 1024;
/** Tips of a mirror that an upstream is told of; of a mirror with more, what is fetched may be there already. */
export const MAX_HAVES = 2048;
/** Bytes of a request's body that are held until a program takes them; the client waits beyond. */
export const REQUEST_BUFFER_BYTES = 256 * 1024;
/** Bytes of a request to fetch, inflated; more is refused. */
export const MAX_FETCH_REQUEST_BYTES = 64 * 1024 * 1024;
/** Bytes of a push's commits, trees and tags, which are held to know what is reached from what; more is refused with `git.too_large`. */
export const MAX_GRAPH_BYTES = 256 * 1024 * 1024;
/** Bytes of an upstream's words to the person who pushes; the rest is left out. */
export const MAX_REMOTE_TEXT = 64 * 1024;
/** How long an upstream's hooks may go on behind its report of a push, in milliseconds; then its connection is closed. */
export const AFTER_REPORT_MS = 60_000;
/** Between two signs of life to someone who pushes, in milliseconds. */
export const KEEP_ALIVE_MS = 5_000;
/** How long a push waits for the operator, in milliseconds; beyond, it is refused as pending, to be pushed again. */
export const HOLD_MS = 20_000;
/** Findings, paths and refs that a refusal names one by one; of more it says how many there are. */
export const SHOWN_COUNT = 10;
/** How long an upstream may say nothing over HTTPS, in milliseconds; beyond, it has failed. git's servers say something every few seconds. */
export const HTTP_IDLE_MS = 5 * 60_000;
/** Bytes of an upstream's answer that are held until they are wanted; it waits beyond. */
export const RESPONSE_BUFFER_BYTES = 256 * 1024;
/** Redirects within one origin that the request for an upstream's refs follows; more: the upstream has failed. */
export const MAX_REDIRECTS = 3;
/** Bytes of an upstream's own words in a refusal over HTTPS; the rest is left out. */
export const MAX_REFUSAL_BYTES = 1024;
/** Bytes of a request to an upstream up to which it is sent with its length; a longer one comes chunked, as git's own does. */
export const WHOLE_BODY_BYTES = 1024 * 1024;
/** Objects of one LFS batch; one with more is refused. git-lfs asks for 100. */
export const MAX_LFS_BATCH = 1000;
/** Bytes of one JSON of LFS' API, the bottle's or an upstream's; a longer one is refused. */
export const MAX_LFS_JSON_BYTES = 4 * 1024 * 1024;
/** Bytes of one LFS object; a larger one is refused with `git.too_large`. */
export const MAX_LFS_OBJECT_BYTES = 4 * 1024 * 1024 * 1024;
/** LFS objects of one bottle that are being uploaded at once; more wait. git-lfs sends 8. */
export const MAX_LFS_UPLOADS = 8;
/** Bytes of those objects, which lie in the bottle's scratch until the upstream has them; what is beyond waits. */
export const MAX_LFS_SPOOL_BYTES = 8 * 1024 * 1024 * 1024;
/** Bytes up to which an LFS object waits in memory for its upload. */
export const LFS_MEMORY_BYTES = 1024 * 1024;
/** Header fields, and bytes of all of them, that an upstream may want to be shown with an LFS object; more is refused. */
export const MAX_ACTION_FIELDS = 32;
export const MAX_ACTION_FIELD_BYTES = 16 * 1024;
/** Bytes of what `git-lfs-authenticate` says; more is refused. */
export const MAX_AUTHENTICATION_BYTES = 64 * 1024;
/** How long what it said is used again, in milliseconds; then it is asked anew. Forges' tokens last minutes. */
export const AUTHENTICATION_MS = 60_000;
/** How long programs that wait for a request that is likely to come are kept, and a connection to the upstream, in milliseconds. */
export const PREPARED_MS = 20_000;
/** How long an ssh whose input has ended may go on, in milliseconds; it is ended beyond. */
export const LAST_WORDS_MS = 10_000;
/** How long nothing may come from a client and nothing go to it, in milliseconds; the request is broken off beyond. Someone who pushes gets a sign of life every few seconds. */
export const GATE_IDLE_MS = 10 * 60 * 1000;
