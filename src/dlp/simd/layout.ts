/**
 * What lies where, in bytes from the beginning of the memory, which never grows. `machine.ts` writes the tables, puts a
 * text in its place and reads the answers; both sides take the numbers from here.
 */

/** Bytes of a text that are looked at together. */
export const SLICE_BYTES = 65536;

/** Four pairs of nibble tables (`nibbles.ts`), 32 bytes each. */
export const RUN_NIBBLES = 1024;
export const LEAD_NIBBLES = 1056;
export const BASE32_NIBBLES = 1088;
export const LIST_NIBBLES = 1120;
/** First bytes of what is compressed and second ones, and which bytes below 16 are text. */
export const MAGIC_FIRST_NIBBLES = 1152;
export const MAGIC_SECOND_NIBBLES = 1184;
export const LOW_TEXT = 1216;
/** Of each lookup, the bits that a class has: one byte each. */
export const RUN_BITS = 1232;
export const MAGIC_BITS = 1233;
export const UPPER_BITS = 1234;
export const LOWER_BITS = 1235;
export const NUMBER_BITS = 1236;
/** Shuffles that put what a mask of eight bits says to the front: 256 of 8 bytes. */
export const PACKED = 2048;
/** Tables of 256 bytes: value of a base64 character (64: none), of a hex digit (16: none); 1: text; 1: ends a run. */
export const VALUES = 4096;
export const HEX_VALUES = 4352;
export const TEXT = 4608;
export const ENDS = 4864;
/** 1: a format that can't be undone begins with this byte; how many there are, and the first two bytes of each. */
export const UNREADABLE_FIRST = 5120;
export const UNREADABLE_COUNT = 5376;
export const UNREADABLE_PAIRS = 5380;
/** Two bytes at the beginning of what is decoded, for `judge`. */
export const BEGINNING = 5632;
/** By two bytes: bits of the spellings that may begin with them; this bit: compressed data may. */
export const PAIRS = 8192;
export const MAGIC_BIT = 128;

/** A slice, with a vector's room behind it. */
export const INPUT = 0x14000;
/** Answers of the sieve: where something begins, two bytes each. */
export const RUNS = 0x24100;
export const LEADS = 0x28100;
export const MAGICS = 0x48100;
export const UPPERS = 0x58100;
export const LOWERS = 0x5a100;
export const LISTS = 0x5c100;
/** How many there are of each of these, four bytes each, in that order. */
export const COUNTS = 0x5e100;
/** What stands around line ends in a run, put together. */
export const JOINED = 0x5e200;

/** Letters and digits: those kept from before the slice, and the slice's. */
export const SYMBOLS = 0x60000;
/** What came before a slice, and the slice, for keywords. */
export const TAIL_BYTES = 8192;
export const WINDOW = 0x71000;
export const WINDOW_BYTES = TAIL_BYTES + SLICE_BYTES + 32;
/** Answers of both searches and of the survey: places, four bytes each; of the survey no more than so many, less one. */
export const PLACES = 0x84000;
export const PLACE_MASK = 0x3fff;
/** Filters of both searches: a bit for each hash. */
export const FILTER_BYTES = 0x20000;
export const FILTERS = 0xa0000;
/** Bits that a hash has at the most; behind their filter there is room for another one. */
export const FILTER_LOG_MOST = 19;
