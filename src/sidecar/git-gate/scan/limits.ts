/** Characters of the head of an object as `git cat-file` prints it; a longer one is an error. */
export const MAX_OBJECT_HEAD = 100;
/** Bytes of one record or path of what a push changes; a longer one is an error. */
export const MAX_CHANGE_RECORD = 64 * 1024;
/** Paths that all commits of a push change, each counted once a commit; more is refused with `git.too_large`. */
export const MAX_CHANGES = 1_000_000;
/** Bytes of those paths, each counted once; more is refused with `git.too_large`. */
export const MAX_PATHS_BYTES = 64 * 1024 * 1024;
/** Bytes up to which an object is scanned as a whole; a larger one is scanned as it comes, a commit, tree or tag without being taken apart. */
export const WHOLE_BYTES = 1024 * 1024;
/** Names and paths that are remembered as scanned; beyond, all are forgotten and scanned again. */
export const SEEN_COUNT = 100_000;
/** Folders of a path from each of which on it is read without its slashes; from a later one on it isn't. */
export const JOINED_FOLDERS = 16;
/** Bytes before and behind a finding in which its line, what is shown of it and a `gitleaks:allow` are looked for. */
export const NEAR_BYTES = 4096;
/** Characters of what is shown of a finding; the rest is cut off. */
export const SNIPPET_CHARS = 120;
/** Findings of one detector in one push that are kept, those beside a `gitleaks:allow` apart; of more, one says so, and nothing spares it. */
export const KEPT_COUNT = 2000;
