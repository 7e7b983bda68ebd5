import { CompiledRule, type PatternMatch } from "./compiled-rule.ts";
import { PATTERN_WINDOW_BYTES } from "./limits.ts";
import type { Allowlist, Rule } from "./rule.ts";
import { RunEnds } from "./shape/matcher.ts";

/** Rules as one structure. A keyword's regexes are made at its first hit. */
export class PatternSet {
  /** lower case, at least three characters each; the index is the keyword's id */
  readonly keywords: readonly string[];
  /** bytes before and after a keyword that a match can span */
  readonly reach = PATTERN_WINDOW_BYTES;
  readonly #byKeyword: readonly (readonly CompiledRule[])[];
  readonly #runs = new RunEnds();

  /** `allowlists`: for every rule. Rules for files of some path are left out: what is scanned has none. */
  constructor(rules: readonly Rule[], allowlists: readonly Allowlist[] = []) {
    const byKeyword = new Map<string, CompiledRule[]>();
    for (const rule of rules) {
      if (rule.path !== undefined) continue;
      for (const keyword of rule.keywords) {
        const those = byKeyword.get(keyword) ?? [];
        those.push(new CompiledRule(rule, keyword, allowlists));
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
    for (const rule of this.#byKeyword[id] ?? []) {
      const found = rule.match(text, at, this.reach, ended, this.#runs);
      if (found === "more") more = true;
      else if (found !== undefined) return found;
    }
    return more ? "more" : undefined;
  }
}

export type { PatternMatch };
