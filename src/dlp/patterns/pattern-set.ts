import { entropyOf } from "./entropy.ts";
import { PATTERN_WINDOW_BYTES } from "./limits.ts";
import { isPlaceholder } from "./placeholders.ts";
import type { Rule } from "./rule.ts";
import { RunEnds, Shape, type ShapeMatch } from "./shape/matcher.ts";

/** A credential in the window. */
export interface PatternMatch {
  /** the rule's id */
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  /** false: it goes on past what can be held; replacing `start` to `end` would not take it out */
  readonly whole: boolean;
}

interface Compiled {
  readonly rule: Rule;
  readonly keyword: string;
  shape: Shape | undefined;
}

/** Rules as one structure. A keyword's regexes are made at its first hit. */
export class PatternSet {
  /** lower case, at least three characters each; the index is the keyword's id */
  readonly keywords: readonly string[];
  /** bytes before and after a keyword that a match can span */
  readonly reach = PATTERN_WINDOW_BYTES;
  readonly #byKeyword: readonly (readonly Compiled[])[];
  readonly #runs = new RunEnds();

  constructor(rules: readonly Rule[]) {
    const byKeyword = new Map<string, Compiled[]>();
    for (const rule of rules) {
      for (const keyword of rule.keywords) {
        const those = byKeyword.get(keyword) ?? [];
        those.push({ rule, keyword, shape: undefined });
        byKeyword.set(keyword, those);
      }
    }
    this.keywords = [...byKeyword.keys()];
    this.#byKeyword = [...byKeyword.values()];
  }

  /**
   * Called when the keyword of that id ends at `at` (exclusive) in `text`, a window of the stream as latin1 with at
   * least `reach` bytes before the keyword where the stream has them. `ended`: nothing follows the window. "more": only
   * bytes after the window can decide. Quickest when one window is asked about with the same string.
   */
  match(id: number, text: string, at: number, ended: boolean): PatternMatch | "more" | undefined {
    let more = false;
    for (const compiled of this.#byKeyword[id] ?? []) {
      const { rule, keyword } = compiled;
      compiled.shape ??= new Shape(rule.regex, keyword, rule.secretGroup);
      const found = compiled.shape.match(text, at - keyword.length, ended, this.#runs);
      if (found === "more") {
        // what has not ended within reach won't be waited for
        if (text.length - at < this.reach) more = true;
      } else if (found !== undefined && isCredible(rule, text, found)) {
        const whole = rule.until === undefined ? found : lineFrom(text, found, rule.until, this.reach);
        if (whole === undefined && !ended && text.length - at < this.reach) more = true;
        else {
          const end = whole?.end ?? Math.min(text.length, found.start + this.reach);
          return { rule: rule.id, start: found.start, end, whole: whole !== undefined };
        }
      }
    }
    return more ? "more" : undefined;
  }
}

/** Judged by the part that every such secret has: what is appended makes a credential no placeholder. */
function isCredible(rule: Rule, text: string, { start, end, judged }: ShapeMatch): boolean {
  const secret = text.slice(start, Math.min(end, start + judged));
  if (rule.entropy !== undefined && entropyOf(secret) <= rule.entropy) return false;
  if (isPlaceholder(secret)) return false;
  return rule.check?.(text.slice(start, end)) ?? true;
}

/** Extends a find to the end of the line that begins with `marker`; undefined where none comes within reach. */
function lineFrom(
  text: string,
  { start }: ShapeMatch,
  marker: string,
  reach: number,
): { end: number } | undefined {
  const at = text.slice(start, start + reach).indexOf(marker);
  if (at < 0) return undefined;
  const after = start + at + marker.length;
  const close = text.slice(after, after + 64).indexOf("-----");
  return { end: close < 0 ? after : after + close + 5 };
}
