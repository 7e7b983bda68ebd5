import { printable } from "../base/printable.ts";
import { MAX_CELL } from "./limits.ts";
import type { Colour } from "./paint.ts";

/**
 * Columns aligned by two spaces, without trailing blanks; every cell is made printable. `colourOf` colours the first
 * cell of a row.
 */
export function table(
  rows: readonly (readonly string[])[],
  colourOf: (row: number) => Colour = () => (text) => text,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell, MAX_CELL)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return cells
    .map(([first = "", ...others], row) => {
      const rest = others.map((cell, column) => cell.padEnd(widths[column + 1] ?? 0));
      return [colourOf(row)(first.padEnd(widths[0] ?? 0)), ...rest].join("  ").trimEnd();
    })
    .map((line) => `${line}\n`)
    .join("");
}
