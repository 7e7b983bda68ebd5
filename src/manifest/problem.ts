import { type Fault, usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import { MAX_EXCERPT, MAX_PROBLEMS_SHOWN } from "./limits.ts";
import type { SourceFile } from "./source-file.ts";

/** One thing that is wrong in one file. */
export interface Problem {
  readonly file: SourceFile | string;
  /** character offsets of what the caret underlines; absent: the file as a whole */
  readonly start?: number;
  readonly end?: number;
  /** what is wrong and what is allowed; text from the file already made printable */
  readonly message: string;
  /** the one thing to do */
  readonly mend?: string | undefined;
}

/** Collects what is wrong in all files, so that it is shown in one go (SPEC §1). */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #warnings = new Set<string>();

  add(problem: Problem): void {
    this.#list.push(problem);
  }

  /** What looks wrong but is allowed; each text once. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  get count(): number {
    return this.#list.length;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Every problem with its place, line and caret. */
  render(): string {
    const files = [...new Set(this.#list.map(({ file }) => file))];
    const ordered = this.#list.toSorted(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.start ?? -1) - (b.start ?? -1),
    );
    const shown = ordered.slice(0, MAX_PROBLEMS_SHOWN).map(renderProblem);
    const rest = this.#list.length - shown.length;
    if (rest > 0) shown.push(`and ${rest} more`);
    return shown.join("\n\n");
  }

  /** @throws Fault with exit code 2 whose message holds all problems, when there is one */
  throwIfAny(): void {
    const fault = this.fault();
    if (fault !== undefined) throw fault;
  }

  fault(): Fault | undefined {
    return this.#list.length === 0 ? undefined : usageFault(this.render());
  }
}

function renderProblem(problem: Problem): string {
  const { file, start, message, mend } = problem;
  const path = printable(typeof file === "string" ? file : file.path, 1000);
  const lines: string[] = [];
  if (typeof file === "string" || start === undefined) {
    lines.push(`${path}: ${message}`);
  } else {
    const { line, column } = file.position(start);
    lines.push(`${path}:${line}:${column}: ${message}`);
    const gutter = `${line}`.padStart(5);
    if (file.isHidden(line)) lines.push(`${gutter} | (not shown: this line may hold a credential)`);
    else lines.push(...excerpt(file.line(line), column - 1, (problem.end ?? start) - start, gutter));
  }
  if (mend !== undefined) lines.push(`        ${mend}`);
  return lines.join("\n");
}

/** The part of a line around a place, with a caret line under it that fits the escaped text. */
function excerpt(line: string, column: number, width: number, gutter: string): string[] {
  const from = line.length <= MAX_EXCERPT ? 0 : Math.max(0, Math.min(column - 40, line.length - MAX_EXCERPT));
  const to = Math.min(line.length, from + MAX_EXCERPT);
  const show = (start: number, end: number) =>
    printable(line.slice(start, end).replaceAll("\t", " "), line.length);
  const lead = from > 0 ? "…" : "";
  const before = show(from, column);
  const marked = show(column, Math.min(to, Math.max(column + width, column + 1)));
  const after = show(Math.min(to, Math.max(column + width, column + 1)), to);
  const carets = "^".repeat(Math.max(1, marked.length));
  return [
    `${gutter} | ${lead}${before}${marked}${after}${to < line.length ? "…" : ""}`,
    `${" ".repeat(gutter.length)} | ${" ".repeat(lead.length + before.length)}${carets}`,
  ];
}
