/** files, folders and links of a workspace; one with more is refused (copy, bind) or its diff fails */
export const MAX_ENTRIES = 1_000_000;

/** bytes of all files of a workspace copy; a folder with more is refused: exclude some, or bind it; changed files beyond it are not read by diff and apply */
export const MAX_COPY_BYTES = 64 * 1024 * 1024 * 1024;

/** folders inside folders; deeper ones are left out of a copy with a notice, and refused in bind mode */
export const MAX_DEPTH = 128;

/** bytes of a file that are read and written in one piece; larger ones are cloned by the kernel */
export const SMALL_FILE = 1024 * 1024;

/** bytes of one file whose lines are compared in a diff; a larger one is only named */
export const MAX_DIFF_FILE = 4 * 1024 * 1024;

/** bytes of all text of a diff; what comes after is only named */
export const MAX_DIFF_BYTES = 64 * 1024 * 1024;

/** line insertions and deletions looked for in one file; with more, the diff shows it as wholly replaced */
export const MAX_DIFF_EDITS = 2000;

/** characters of one line in a diff; what is longer is cut */
export const MAX_DIFF_LINE = 10_000;

/** paths named in one message; the rest is counted */
export const MAX_NAMED = 10;

/** bytes of `base.json`; a larger one is not read */
export const MAX_BASE_BYTES = 1024 * 1024 * 1024;

/** bytes of a git config that are looked through for paths it names */
export const MAX_CONFIG = 1024 * 1024;

/** mounts that protect repositories and editor files in bind mode; with more, the workspace is refused */
export const MAX_COVERS = 1000;

/** milliseconds of copying or comparing without letting signals and timers run */
export const TURN_MS = 50;
