import { printable } from "../../../base/printable.ts";
import type { Finding } from "../../../dlp/finding.ts";
import type { HeaderList } from "../../../policy/facts.ts";

const NAME_CHARS = 100;

export interface HeadPlace {
  readonly index: "target" | number;
  readonly from: number;
  readonly to: number;
}

/** A request head, or a trailer section, as one text to be searched, and what stands where in it. */
export class HeadText {
  /** latin1 */
  readonly text: string;
  readonly #lead: number;
  readonly #fields: HeaderList;
  readonly #kind: "header" | "trailer";

  /** `lead`: what stands before the fields: nothing, or method, host and target. */
  constructor(lead: readonly string[], fields: HeaderList, kind: "header" | "trailer") {
    let text = lead.join("\n");
    for (let i = 0; i < fields.length; i += 2) text += `\n${fields[i]}${SEPARATOR}${fields[i + 1]}`;
    this.text = text;
    this.#lead = lead.length;
    this.#fields = fields;
    this.#kind = kind;
  }

  /** In which value it stands, and where in it; `index` counts in the fields. Undefined: not in one value alone. */
  place(start: number, end: number): HeadPlace | undefined {
    const { line, begin } = this.#lineOf(start);
    const lineEnd = this.text.indexOf("\n", start);
    if (lineEnd >= 0 && lineEnd < end) return undefined;
    if (line < this.#lead)
      return line === TARGET ? { index: "target", from: start - begin, to: end - begin } : undefined;
    const field = (line - Math.max(1, this.#lead)) * 2;
    const value = begin + (this.#fields[field] ?? "").length + SEPARATOR.length;
    return start < value ? undefined : { index: field + 1, from: start - value, to: end - value };
  }

  /** Where a finding begins: `method`, `host`, `target`, `header NAME`, … A field's name that holds it is not repeated. */
  surface({ start }: Finding): string {
    const { line, begin } = this.#lineOf(start);
    if (line < this.#lead) return LEAD[line] ?? "target";
    // An empty lead is one empty line.
    const name = this.#fields[(line - Math.max(1, this.#lead)) * 2] ?? "";
    if (start < begin + name.length) return `${this.#kind} name`;
    return `${this.#kind} ${printable(name.toLowerCase(), NAME_CHARS)}`;
  }

  #lineOf(start: number): { readonly line: number; readonly begin: number } {
    let line = 0;
    let begin = 0;
    for (let end = this.text.indexOf("\n"); end >= 0 && end < start; end = this.text.indexOf("\n", begin)) {
      begin = end + 1;
      line++;
    }
    return { line, begin };
  }
}

const LEAD = ["method", "host", "target"];
const TARGET = LEAD.indexOf("target");
const SEPARATOR = ": ";
