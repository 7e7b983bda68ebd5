/** Bytes of one manifest or settings file; a larger one is refused unread. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Characters of YAML in one file; more is refused before it is parsed. */
export const MAX_YAML_LENGTH = 128 * 1024;

/** Levels of lists and maps inside each other; deeper is an error. */
export const MAX_YAML_DEPTH = 32;

/** Values in one file, counted again each time an alias repeats them; more is an error. */
export const MAX_YAML_NODES = 20_000;

/** Aliases in one file; more is an error. */
export const MAX_ALIASES = 100;

/** Characters of one key; longer is an error. */
export const MAX_KEY_LENGTH = 256;

/** Errors of the YAML parser shown for one file; the rest are its echoes and left out. */
export const MAX_SYNTAX_PROBLEMS = 5;

/** Problems printed at once; the rest are counted. */
export const MAX_PROBLEMS_SHOWN = 50;

/** Characters of a source line shown around the place of a problem. */
export const MAX_EXCERPT = 100;

/** Bottles on one `extends` chain; a longer one is an error. */
export const MAX_EXTENDS_DEPTH = 16;

/** Bottles that take part in one merge; more is an error. */
export const MAX_MERGED_BOTTLES = 64;

/** Entries of a manifest folder that are looked at; more is an error. */
export const MAX_FOLDER_ENTRIES = 1000;

/** Routes of one bottle; more is an error. */
export const MAX_ROUTES = 1000;

/** Extra TCP ports of one route; more is an error. */
export const MAX_PORTS = 16;

/** Characters of a regular expression; longer is an error. */
export const MAX_PATTERN_LENGTH = 1000;

/** Characters of one environment value; longer is an error. */
export const MAX_ENV_LENGTH = 32 * 1024;

/** Bytes below which `limits.memory` is taken for a slip of the unit: an error. */
export const MIN_MEMORY = 16 * 1024 * 1024;

/** Bytes below which `limits.disk` is taken for a slip of the unit: an error. */
export const MIN_DISK = 1024 * 1024;

/** Globs of refs, or of paths, of one repository; more is an error. */
export const MAX_GLOBS = 200;

/** Characters of one of them; longer is an error. */
export const MAX_GLOB_LENGTH = 500;
