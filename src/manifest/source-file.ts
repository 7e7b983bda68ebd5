import { basename } from "node:path";

/** A file as it was read: line breaks are `\n`, no byte order mark. */
export class SourceFile {
  /** as the operator would type it */
  readonly path: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #hidden = new Set<number>();

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1))
      this.#lineStarts.push(at + 1);
  }

  /** File name without its folder: `dev.md`. */
  get name(): string {
    return basename(this.path);
  }

  /** Line and column of a character offset, both from 1. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  /** A line without its break; lines count from 1. */
  line(number: number): string {
    const start = this.#lineStarts[number - 1] ?? this.text.length;
    const next = this.#lineStarts[number];
    return this.text.slice(start, next === undefined ? undefined : next - 1);
  }

  /** Where something was written, for messages: `dev.md:12`. */
  at(offset: number): string {
    return `${this.name}:${this.position(offset).line}`;
  }

  /** Keeps the line of an offset out of every message: it may hold a credential. */
  hide(offset: number): void {
    this.#hidden.add(this.position(offset).line);
  }

  isHidden(line: number): boolean {
    return this.#hidden.has(line);
  }
}
