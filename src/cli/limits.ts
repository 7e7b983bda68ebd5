/** characters of one line of an error message or notice; what is longer is cut */
export const MAX_MESSAGE_LINE = 2000;

/** bytes of one line of an agent's output; a longer one is printed in pieces of this size */
export const MAX_LOG_LINE = 64 * 1024;

/** milliseconds between two looks at a file that is followed */
export const FOLLOW_INTERVAL = 250;

/** characters of one cell of a table; what is longer is cut */
export const MAX_CELL = 60;

/** characters of one text of an agent's in an inbox; more than any has, longer is cut */
export const MAX_QUOTE = 4000;

/** columns of what is printed around an agent's text; longer text goes on in the next line */
export const PAGE_COLUMNS = 80;

/** pushes that `git` shows, the last ones; what was before is in the journals */
export const PUSHES_SHOWN = 20;
