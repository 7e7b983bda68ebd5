import { printable } from "../../../base/printable.ts";
import type { Finding } from "../../../dlp/finding.ts";
import type { HeaderList } from "../../../policy/facts.ts";

const NAME_CHARS = 100;

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
    for (let i = 0; i < fields.length; i += 2) text += `\n${fields[i]}: ${fields[i + 1]}`;
    this.text = text;
    this.#lead = lead.length;
    this.#fields = fields;
    this.#kind = kind;
  }

  /** Where a finding begins: `method`, `host`, `target`, `header NAME`, … A field's name that holds it is not repeated. */
  surface({ start }: Finding): string {
    let line = 0;
    let begin = 0;
    for (let end = this.text.indexOf("\n"); end >= 0 && end < start; end = this.text.indexOf("\n", begin)) {
      begin = end + 1;
      line++;
    }
    if (line < this.#lead) return LEAD[line] ?? "target";
    // An empty lead is one empty line.
    const name = this.#fields[(line - Math.max(1, this.#lead)) * 2] ?? "";
    if (start < begin + name.length) return `${this.#kind} name`;
    return `${this.#kind} ${printable(name.toLowerCase(), NAME_CHARS)}`;
  }
}

const LEAD = ["method", "host", "target"];
