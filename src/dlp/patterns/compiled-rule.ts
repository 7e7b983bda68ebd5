import { Allowed } from "./allowlist.ts";
import { entropyOf } from "./entropy.ts";
import { General } from "./general.ts";
import { isPlaceholder } from "./placeholders.ts";
import type { Allowlist, Rule } from "./rule.ts";
import type { Gate } from "./shape/gate.ts";
import { Shape, type ShapeMatch } from "./shape/matcher.ts";
import { NotSimple } from "./shape/not-simple.ts";
import type { RunEnds } from "./shape/run-ends.ts";
import type { Window } from "./window.ts";

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
  readonly #runs: RunEnds;
  readonly #previous: CompiledRule | undefined;
  #allowed: Allowed | undefined;
  /** what had too little entropy or was a stand-in last: a text that repeats itself is judged once */
  #plain: Uint8Array = NOTHING;

  /** `runs`: of all rules of a set. `previous`: of the same keyword, asked before every time that this one is. */
  constructor(
    rule: Rule,
    keyword: string,
    allowlists: readonly Allowlist[],
    runs: RunEnds,
    previous: CompiledRule | undefined,
  ) {
    this.#rule = rule;
    this.#keyword = keyword;
    this.#runs = runs;
    this.#previous = previous;
    this.#allowlists = [...rule.allowlists, ...allowlists];
  }

  /** Known when it was asked once; undefined then for what no look tells. */
  get gate(): Gate | undefined {
    return this.#regex instanceof Shape ? this.#regex.gate : undefined;
  }

  /** The keyword ends at `at` of the window. */
  match(window: Window, at: number, reach: number, ended: boolean): PatternMatch | "more" | undefined {
    this.#regex ??= compile(
      this.#rule,
      this.#keyword,
      this.#runs,
      this.#previous === undefined ? undefined : this.#previous.#regex,
    );
    if (this.#regex instanceof Shape) return this.#matchShape(this.#regex, window, at, reach, ended);
    const found = this.#regex.match(window, at, reach, ended, ({ start, end, from, to }) =>
      this.#isCredible(window, start, end, from, to),
    );
    if (found === undefined || found === "more") return found;
    return { rule: this.#rule.id, start: found.start, end: found.end, whole: true };
  }

  #matchShape(
    shape: Shape,
    window: Window,
    at: number,
    reach: number,
    ended: boolean,
  ): PatternMatch | "more" | undefined {
    // what has not ended within reach won't be waited for
    const isNear = window.length - at < reach;
    const found = shape.match(window, at - this.#keyword.length, ended, isNear);
    if (found === undefined || found === "more") return found;
    if (!this.#isCredibleShape(window, found)) return undefined;
    const { id, until } = this.#rule;
    const { start, end } = found;
    if (until === undefined) return { rule: id, start, end, whole: true };
    const close = lineEnd(window, start, until, reach);
    if (close !== undefined) return { rule: id, start, end: close, whole: true };
    if (!ended && isNear) return "more";
    return { rule: id, start, end: Math.min(window.length, start + reach), whole: false };
  }

  /** Of a built-in rule, the part that every such secret has: what is appended makes a credential no placeholder. */
  #isCredibleShape(window: Window, { start, end, from, to, judged }: ShapeMatch): boolean {
    const { check, asWritten } = this.#rule;
    const last = asWritten ? end : Math.min(end, start + judged);
    if (!this.#isCredible(window, start, last, from, to)) return false;
    if (!asWritten && isPlaceholder(window.slice(start, last))) {
      this.#plain = Uint8Array.from(window.bytes.subarray(start, last));
      return false;
    }
    return check?.(window.slice(start, end)) ?? true;
  }

  /** `start`, `end`: of what is judged. `from`, `to`: of the whole match. */
  #isCredible(window: Window, start: number, end: number, from: number, to: number): boolean {
    const { entropy } = this.#rule;
    if (end > start && equals(this.#plain, window.bytes, start, end)) return false;
    const secret = window.slice(start, end);
    if (entropy !== undefined && entropyOf(secret) <= entropy) {
      this.#plain = Uint8Array.from(window.bytes.subarray(start, end));
      return false;
    }
    if (this.#allowlists.length === 0) return true;
    this.#allowed ??= new Allowed(this.#allowlists);
    const { text } = window;
    const lineStart = Math.max(window.first, text.lastIndexOf("\n", from - 1) + 1);
    const lineStop = text.indexOf("\n", to);
    const line = text.slice(lineStart, lineStop < 0 ? text.length : lineStop);
    return !this.#allowed.spares({ secret, match: text.slice(from, to), line });
  }
}

const NOTHING = new Uint8Array(0);

function equals(plain: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (plain.length !== end - start) return false;
  for (let i = 0; i < plain.length; i++) if (plain[i] !== bytes[start + i]) return false;
  return true;
}

function compile(
  rule: Rule,
  keyword: string,
  runs: RunEnds,
  before: Shape | General | undefined,
): Shape | General {
  const previous = before instanceof Shape ? before : undefined;
  try {
    return new Shape(rule.regex, keyword, rule.secretGroup, rule.asWritten, runs, previous);
  } catch (error) {
    if (!(error instanceof NotSimple)) throw error;
    return new General(rule.regex, rule.secretGroup);
  }
}

/** The end of the line that begins with `marker`; undefined where none comes within reach. */
function lineEnd(
  { bytes, length }: Window,
  start: number,
  marker: string,
  reach: number,
): number | undefined {
  const near = bytes.subarray(start, Math.min(length, start + reach));
  const at = near.indexOf(marker, 0, "latin1");
  if (at < 0) return undefined;
  const after = start + at + marker.length;
  const close = bytes.subarray(after, Math.min(length, after + 64)).indexOf("-----", 0, "latin1");
  return close < 0 ? after : after + close + 5;
}
