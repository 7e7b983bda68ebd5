/** Bytes of memory of a bottle that names none; the kernel kills what goes over. */
export const DEFAULT_MEMORY = 4 * 1024 ** 3;

/** Processes and threads of a bottle that names none; fork fails above. */
export const DEFAULT_PIDS = 2048;

/** Bytes a bottle that names none may write; writes fail above. */
export const DEFAULT_DISK = 8 * 1024 ** 3;

/** Open files of a process of a bottle that names none; open fails above. */
export const DEFAULT_OPEN_FILES = 4096;

/** Characters of one line that `describeReach` prints; longer is cut with an ellipsis. */
export const MAX_REACH_LINE = 400;
