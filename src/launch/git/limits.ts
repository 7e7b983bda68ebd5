/** Bytes of data of each git, ssh or gitleaks that runs for a bottle; it fails beyond, and with it what it was for. */
export const GIT_DATA_BYTES = 2 * 1024 * 1024 * 1024;
/** Seconds of processor time of each; it ends beyond. */
export const GIT_CPU_SECONDS = 1800;
/** Packs of a mirror from which on they are put together. */
export const MIRROR_PACKS = 40;
/** Days after which `cleanup` removes a mirror that no bottle has started with since. */
export const MIRROR_UNUSED_DAYS = 30;
/** Programs that run at once for one bottle; one more isn't started. */
export const GIT_PROGRAMS = 48;
/** Bytes of what such a program writes to stderr that are kept. */
export const GIT_STDERR_BYTES = 8192;
