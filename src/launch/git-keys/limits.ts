/** bytes of a private key file; a larger one is an error at launch */
export const KEY_FILE_BYTES = 64 * 1024;
/** milliseconds a forge's API has for one call, connecting included; then the call has failed */
export const FORGE_CALL_MS = 15_000;
/** bytes of one answer of a forge's API; a longer one is cut off and the call has failed */
export const FORGE_ANSWER_BYTES = 1024 * 1024;
/** bytes of an answer's head; a longer one and the call has failed */
export const FORGE_HEAD_BYTES = 32 * 1024;
/** deploy keys of one repository that are looked through for ours; then it is not found, and `cleanup` says so */
export const FORGE_KEYS_LISTED = 5_000;
/** deploy keys made or deleted at once; the others wait */
export const FORGE_CALLS_AT_ONCE = 8;
/** bytes of one record of a deploy key; a larger file is none of ours and is reported */
export const KEY_RECORD_BYTES = 16 * 1024;
