/** Commits and tags of one push that are signed, one `ssh-keygen` each; a push with more is refused. */
export const SIGNED_OBJECTS = 1000;
/** Bytes of all of them; a push with more is refused. */
export const SIGNED_BYTES = 64 * 1024 ** 2;
/** Bytes of one signature; with a longer one the push is refused. */
export const SIGNATURE_BYTES = 16 * 1024;
/** Milliseconds for one signature; then the push is refused. */
export const SIGN_MS = 60 * 1000;
