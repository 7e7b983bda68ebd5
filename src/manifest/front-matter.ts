import type { Problems } from "./problem.ts";
import type { SourceFile } from "./source-file.ts";

/** Where the YAML of a Markdown file lies, and the text below it. */
export interface FrontMatter {
  /** character offsets of the YAML, the fences left out */
  readonly start: number;
  readonly end: number;
  /** Markdown after the closing fence, without blank lines around it */
  readonly body: string;
}

// Trailing blanks are allowed on a fence, as editors leave them; anything before it is not.
const OPENING = /^---[ \t]*(?:\n|$)/;
const CLOSING = /^---[ \t]*$/m;

/** Finds the front matter: the first line is `---`, the next line that is `---` ends it. */
export function splitFrontMatter(file: SourceFile, problems: Problems): FrontMatter | undefined {
  const opening = OPENING.exec(file.text);
  if (opening === null) {
    problems.add({
      file,
      start: 0,
      message: "a manifest begins with `---` on its first line, then YAML, then `---` again",
      mend: "write `---` as the first and second line when there is nothing to set",
    });
    return undefined;
  }
  const start = opening[0].length;
  const rest = file.text.slice(start);
  const closing = CLOSING.exec(rest);
  if (closing === null) {
    problems.add({
      file,
      start: 0,
      end: 3,
      message: "the front matter that begins here is never closed",
      mend: "write `---` on a line of its own after the YAML",
    });
    return undefined;
  }
  return { start, end: start + closing.index, body: rest.slice(closing.index + closing[0].length).trim() };
}
