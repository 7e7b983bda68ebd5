import { Allowed } from "./allowlist.ts";
import { entropyOf } from "./entropy.ts";
import { General } from "./general.ts";
import { isPlaceholder } from "./placeholders.ts";
import type { Allowlist, Rule } from "./rule.ts";
import { type RunEnds, Shape, type ShapeMatch } from "./shape/matcher.ts";
import { NotSimple } from "./shape/not-simple.ts";

/** A credential in the window. */
export interface PatternMatch {
  /** the rule's id */
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  /** false: it goes on past what can be held; replacing `start` to `end` would not take it out */
  readonly whole: boolean;
}

/** A rule at one of its keywords, compiled when the keyword is first seen. */
export class CompiledRule {
  readonly #rule: Rule;
  readonly #keyword: string;
  readonly #allowlists: readonly Allowlist[];
  #regex: Shape | General | undefined;
  #allowed: Allowed | undefined;
  /** what had too little entropy last: a text that repeats itself is judged once */
  #plain = "";

  constructor(rule: Rule, keyword: string, allowlists: readonly Allowlist[]) {
    this.#rule = rule;
    this.#keyword = keyword;
    this.#allowlists = [...rule.allowlists, ...allowlists];
  }

  /** The keyword ends at `at` of the window. */
  match(
    text: string,
    at: number,
    reach: number,
    ended: boolean,
    runs: RunEnds,
  ): PatternMatch | "more" | undefined {
    this.#regex ??= compile(this.#rule, this.#keyword);
    const rule = this.#rule.id;
    if (this.#regex instanceof General) {
      const found = this.#regex.match(text, at, reach, ended, ({ start, end, from, to }) =>
        this.#isCredible(text, text.slice(start, end), from, to),
      );
      return found === undefined || found === "more"
        ? found
        : { rule, start: found.start, end: found.end, whole: true };
    }
    const found = this.#regex.match(text, at - this.#keyword.length, ended, runs);
    // what has not ended within reach won't be waited for
    if (found === "more") return text.length - at < reach ? "more" : undefined;
    if (found === undefined || !this.#isCredibleShape(text, found)) return undefined;
    const { until } = this.#rule;
    if (until === undefined) return { rule, start: found.start, end: found.end, whole: true };
    const end = lineEnd(text, found.start, until, reach);
    if (end !== undefined) return { rule, start: found.start, end, whole: true };
    if (!ended && text.length - at < reach) return "more";
    return { rule, start: found.start, end: Math.min(text.length, found.start + reach), whole: false };
  }

  /** Of a built-in rule, the part that every such secret has: what is appended makes a credential no placeholder. */
  #isCredibleShape(text: string, { start, end, from, to, judged }: ShapeMatch): boolean {
    const { check, asWritten } = this.#rule;
    const last = asWritten ? end : Math.min(end, start + judged);
    const secret = text.slice(start, last);
    if (!this.#isCredible(text, secret, from, to)) return false;
    return (asWritten || !isPlaceholder(secret)) && (check?.(text.slice(start, end)) ?? true);
  }

  #isCredible(text: string, secret: string, from: number, to: number): boolean {
    const { entropy } = this.#rule;
    if (secret === this.#plain && secret !== "") return false;
    if (entropy !== undefined && entropyOf(secret) <= entropy) {
      this.#plain = secret;
      return false;
    }
    if (this.#allowlists.length === 0) return true;
    this.#allowed ??= new Allowed(this.#allowlists);
    const lineStart = text.lastIndexOf("\n", from - 1) + 1;
    const lineStop = text.indexOf("\n", to);
    const line = text.slice(lineStart, lineStop < 0 ? text.length : lineStop);
    return !this.#allowed.spares({ secret, match: text.slice(from, to), line });
  }
}

function compile(rule: Rule, keyword: string): Shape | General {
  try {
    return new Shape(rule.regex, keyword, rule.secretGroup, rule.asWritten);
  } catch (error) {
    if (!(error instanceof NotSimple)) throw error;
    return new General(rule.regex, rule.secretGroup);
  }
}

/** The end of the line that begins with `marker`; undefined where none comes within reach. */
function lineEnd(text: string, start: number, marker: string, reach: number): number | undefined {
  const at = text.slice(start, start + reach).indexOf(marker);
  if (at < 0) return undefined;
  const after = start + at + marker.length;
  const close = text.slice(after, after + 64).indexOf("-----");
  return close < 0 ? after : after + close + 5;
}
