import { RE2JS } from "re2js";
import { RULE_LIST_LENGTH, RULE_REGEX_CHARS } from "../limits.ts";
import { RuleFault } from "./fault.ts";

/** Reads one table of a rule file; what it says of a mistake names the table's place and line. */
export class Table {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #line: number | undefined;
  readonly #known = new Set<string>();

  constructor(values: unknown, where: string, line: number | undefined) {
    if (typeof values !== "object" || values === null || Array.isArray(values))
      throw new RuleFault(`${where} is no table`, line, "see gitleaks' documentation of its configuration");
    this.#where = where;
    this.#line = line;
    // gitleaks reads keys whatever their case
    this.#values = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key.toLowerCase(), value] as const),
    );
  }

  fault(key: string, problem: string, mend: string): RuleFault {
    return new RuleFault(`${this.#where}.${key} ${problem}`, this.#line, mend);
  }

  value(key: string): unknown {
    this.#known.add(key.toLowerCase());
    return this.#values[key.toLowerCase()];
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.fault(key, "is no text", "write it in quotes");
  }

  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || (typeof value === "number" && value >= 0)) return value;
    throw this.fault(key, "is no number", "write a number that is not negative");
  }

  flag(key: string): boolean {
    const value = this.value(key);
    if (value === undefined || typeof value === "boolean") return value ?? false;
    throw this.fault(key, "is neither true nor false", "write true or false");
  }

  list(key: string): readonly string[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string"))
      throw this.fault(key, "is no list of texts", `${key} = ["a", "b"]`);
    if (value.length > RULE_LIST_LENGTH)
      throw this.fault(key, `has more than ${RULE_LIST_LENGTH} entries`, "shorten the list");
    return value;
  }

  /** Tables under a key: one, or a list of them. */
  tables(key: string): readonly unknown[] {
    const value = this.value(key);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  regex(key: string, source: string): RE2JS {
    if (source.length > RULE_REGEX_CHARS)
      throw this.fault(key, `is longer than ${RULE_REGEX_CHARS} characters`, "split the rule");
    try {
      return RE2JS.compile(source);
    } catch (error) {
      const why = error instanceof Error ? error.message : "";
      throw this.fault(
        key,
        `is no regular expression of RE2's syntax: ${why}`,
        "see https://github.com/google/re2/wiki/Syntax",
      );
    }
  }

  /** Keys that nobody asked for. */
  get unknown(): readonly string[] {
    return Object.keys(this.#values)
      .filter((key) => !this.#known.has(key))
      .map((key) => `${this.#where}.${key} is not known and has no effect`);
  }
}
