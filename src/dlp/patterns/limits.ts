/** Bytes before and after a keyword that a token can span; what is longer is found by its first bytes, and blocked where it would have to be replaced whole. */
export const PATTERN_WINDOW_BYTES = 4096;

/** Ways through one regex (its alternatives multiplied out) that the fast matcher takes; a regex with more is left to RE2. */
export const SHAPE_WAYS = 48;

/** Steps of one way through a regex that the fast matcher takes; a longer one is left to RE2. */
export const SHAPE_STEPS = 400;

/** Characters of the shortest keyword; a rule file's shorter ones are not used. */
export const MIN_KEYWORD_LENGTH = 3;

/** Bytes of a rule file; a larger one is refused. */
export const RULE_FILE_BYTES = 1024 ** 2;

/** Rules of a rule file; more are refused. */
export const RULE_COUNT = 2000;

/** Characters of a regex in a rule file; a longer one is refused. */
export const RULE_REGEX_CHARS = 8192;

/** Keywords, regexes or stop words in one list of a rule file; a longer list is refused. */
export const RULE_LIST_LENGTH = 5000;
