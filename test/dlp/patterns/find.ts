import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import type { PatternMatch, PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Window } from "../../../src/dlp/patterns/window.ts";

export const BUILTIN = builtinPatterns();

export function windowOf(text: string): Window {
  const bytes = Buffer.from(text, "latin1");
  const window = new Window(bytes);
  window.filled(bytes.length);
  return window;
}

/** What the set finds in a text, by a search for its keywords that knows nothing of the scanner's. */
export function find(text: string, set: PatternSet = BUILTIN, ended = true): (PatternMatch | "more")[] {
  const lower = text.toLowerCase();
  const window = windowOf(text);
  const found: (PatternMatch | "more")[] = [];
  for (const [id, keyword] of set.keywords.entries()) {
    for (let at = lower.indexOf(keyword); at >= 0; at = lower.indexOf(keyword, at + 1)) {
      const match = set.match(id, window, at + keyword.length, ended);
      if (match !== undefined) found.push(match);
    }
  }
  return found;
}

export function rules(text: string, set?: PatternSet): string[] {
  return [...new Set(find(text, set).map((match) => (match === "more" ? match : match.rule)))].sort();
}
