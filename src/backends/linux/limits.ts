/** Room for a program's scratch files in memory: /tmp gets this share of `limits.memory`, never more than `limits.disk`; a write beyond it fails with ENOSPC. */
export const TMP_SHARE = 1 / 4;
/** /var/tmp, likewise. */
export const VAR_TMP_SHARE = 1 / 8;
/** /dev/shm, likewise. */
export const SHM_SHARE = 1 / 8;
/** /run, in bytes; ENOSPC beyond. */
export const RUN_BYTES = 16 * 1024 * 1024;
/** The sidecar's /tmp, in bytes; ENOSPC beyond. */
export const SIDECAR_TMP_BYTES = 4 * 1024 * 1024;
/** /tmp of a git, ssh or gitleaks that works for the sidecar, in bytes; ENOSPC beyond. */
export const TOOL_TMP_BYTES = 256 * 1024 * 1024;
/** Open files of each process of such a program; it fails beyond. */
export const TOOL_OPEN_FILES = 1024;
/** How long such a program waits for a lock on its mirror, in seconds; it ends with 75 beyond. */
export const TOOL_LOCK_SECONDS = 120;
/** Open files of the sidecar, connections included; accept waits beyond. */
export const SIDECAR_OPEN_FILES = 8192;
/** The sidecar's JavaScript heap in MiB; it ends there and the bottle has no network. */
export const SIDECAR_HEAP_MIB = 512;
/** Time for the network namespace, for the sockets and for the agent's sandbox to be there, in milliseconds each; the launch fails beyond. */
export const SETUP_MS = 15_000;
/** Between two looks of the watchdog at memory and processes, in milliseconds, and at least as long as the last one took. */
export const WATCH_MS = 250;
/** Between two looks at the size of the writable folders, in milliseconds; ten times what the last one took, if that is more and the disk hasn't filled by a quarter of `limits.disk` since. */
export const WATCH_DISK_MS = 5_000;
/** Entries of the writable folders that one look counts; a bottle with more is ended as over its disk limit. */
export const WATCH_DISK_ENTRIES = 2_000_000;
/** Open files of all of a bottle's processes that one look counts; a bottle with more is ended. */
export const WATCH_DESCRIPTORS = 200_000;
/** How long the watchdog works before it lets the launcher's other work go on, in milliseconds. */
export const WATCH_SLICE_MS = 20;
/** Kernel memory one tmpfs entry takes, in bytes, counted against `limits.memory`. */
export const TMPFS_ENTRY_BYTES = 1024;
/** Rounds of killing what is in a bottle, until none is left; the rest is reported. */
export const SWEEP_ROUNDS = 50;
/** Between two rounds, in milliseconds. */
export const SWEEP_MS = 20;
/** What the set-up chain prints that is kept for an error message, in bytes. */
export const SETUP_MESSAGE_BYTES = 4096;
