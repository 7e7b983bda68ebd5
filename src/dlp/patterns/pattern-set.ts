import { CompiledRule, type PatternMatch } from "./compiled-rule.ts";
import { PATTERN_WINDOW_BYTES } from "./limits.ts";
import type { Allowlist, Rule } from "./rule.ts";
import { Gate } from "./shape/gate.ts";
import { RunEnds } from "./shape/run-ends.ts";
import type { Window } from "./window.ts";

/** Rules as one structure. A keyword's regexes are made at its first hit. */
export class PatternSet {
  /** lower case, at least three characters each; the index is the keyword's id */
  readonly keywords: readonly string[];
  /** bytes before and after a keyword that a match can span */
  readonly reach = PATTERN_WINDOW_BYTES;
  /** by keyword, what its rules want to see beside it, once they were asked about one: where that isn't, `match` finds nothing */
  readonly gates: (Gate | undefined)[];
  readonly #byKeyword: readonly (readonly CompiledRule[])[];

  /** `allowlists`: for every rule. Rules for files of some path are left out: what is scanned has none. */
  constructor(rules: readonly Rule[], allowlists: readonly Allowlist[] = []) {
    const runs = new RunEnds();
    const byKeyword = new Map<string, CompiledRule[]>();
    for (const rule of rules) {
      if (rule.path !== undefined) continue;
      for (const keyword of rule.keywords) {
        const those = byKeyword.get(keyword) ?? [];
        those.push(new CompiledRule(rule, keyword, allowlists, runs, those.at(-1)));
        byKeyword.set(keyword, those);
      }
    }
    this.keywords = [...byKeyword.keys()];
    this.#byKeyword = [...byKeyword.values()];
    this.gates = this.keywords.map(() => undefined);
  }

  /**
   * Called when the keyword of that id ends at `at` (exclusive) in a window of the stream with at least `reach` bytes
   * before the keyword where the stream has them. `ended`: nothing follows the window. "more": only bytes after the
   * window can decide.
   */
  match(id: number, window: Window, at: number, ended: boolean): PatternMatch | "more" | undefined {
    const rules = this.#byKeyword[id] ?? [];
    for (const rule of rules) {
      const found = rule.match(window, at, this.reach, ended);
      // the rules behind one that waits wait, too: it makes no difference in which chunks a text comes
      if (found !== undefined) return found;
    }
    this.gates[id] ??= gateOf(rules);
    return undefined;
  }
}

function gateOf(rules: readonly CompiledRule[]): Gate {
  const gates = rules.flatMap(({ gate }) => gate ?? []);
  return gates.length === rules.length ? Gate.of(gates) : OPEN_GATE;
}

const ANY = new Uint8Array(256).fill(1);
const OPEN_GATE = new Gate(ANY, ANY, 0, ANY);

export type { PatternMatch };
