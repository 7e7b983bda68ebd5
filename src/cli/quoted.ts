import { printable } from "../base/printable.ts";

/** What stands before each line of an agent's text: nothing else that is printed begins so. */
const MARK = "| ";

/**
 * Text of an agent's as lines of at most `width` columns, each marked, so that none can be taken for one of ours. What
 * would wrap by itself could begin a line at the left edge.
 */
export function quotedLines(text: string, indent: string, width: number, max: number): string[] {
  const room = width - indent.length - MARK.length;
  const lines: string[] = [];
  let line = "";
  let columns = 0;
  for (const character of printable(text, max)) {
    const wide = columnsOf(character);
    if (columns + wide > room) {
      lines.push(line);
      line = "";
      columns = 0;
    }
    line += character;
    columns += wide;
  }
  return [...lines, line].map((part) => `${indent}${MARK}${part}`);
}

/** The most columns a character can take on a terminal: East Asian ones and emoji take two (UAX #11). */
function columnsOf(character: string): number {
  return character <= "~" ? 1 : 2;
}
