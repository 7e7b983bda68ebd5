import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../http1/fields.ts";
import { type BodyReading, type BodyText, createBodyText } from "./body-text.ts";
import { type Edit, mergedEdits } from "./edit.ts";
import { ESCAPE_CHARS, escapeStart, redactedLabel } from "./label.ts";
import { HELD_BYTES, RECHECK_BYTES, REDACTION_COUNT, REDACTION_LAG_BYTES } from "./limits.ts";

/** How the body goes on: with the length it came with, in pieces, or when it is whole. */
export type Framing = "fixed" | "free" | "held";

export interface RewriterOutlet {
  /** the text goes on so */
  rewritten(bytes: Buffer): void;
  /** it was taken out */
  redacted(finding: Finding): void;
  /** it can't be taken out; nothing follows. `why`: a sentence. */
  refuse(finding: Finding, why?: string): void;
}

/**
 * Takes out of a text that comes, its codings undone, what is found in it, as far as it can be judged. From the first
 * label on what goes is searched once more.
 */
export class TextRewriter {
  readonly #reading: BodyReading;
  readonly #outlet: RewriterOutlet;
  readonly #text: BodyText;
  readonly #json: boolean;
  readonly #fixed: boolean;
  readonly #held: boolean;
  /** came, and not judged or not changed yet */
  #queue: Buffer[] = [];
  #seen = 0;
  #gone = 0;
  #edits: Edit[] = [];
  #finds: Finding[] = [];
  /** finds so far, those taken out and those that will be */
  #count = 0;
  /** the last bytes that went, before there was a label */
  #last: Buffer = EMPTY;
  #recheck: Scanner | undefined;
  /** changed, and searched up to `#cleared` */
  #changed: Buffer[] = [];
  #changedBytes = 0;
  #cleared = 0;
  #done = false;

  /** Throws BodyFault. */
  constructor(fields: HeaderList, reading: BodyReading, framing: Framing, outlet: RewriterOutlet) {
    this.#reading = reading;
    this.#outlet = outlet;
    this.#fixed = framing === "fixed";
    this.#held = framing === "held";
    this.#json = /json/i.test(fieldValue(fields, "content-type") ?? "");
    this.#text = createBodyText(fields, {
      reading,
      found: (finding, edit) => this.#found(finding, edit),
      rewrites: true,
      judge: reading.judge(),
      kind: "text",
    });
  }

  get held(): number {
    return this.#seen - this.#gone + this.#changedBytes;
  }

  /** Something was taken out. */
  get changed(): boolean {
    return this.#recheck !== undefined;
  }

  /** Throws BodyFault, as `end` and `settle` do. */
  write(bytes: Buffer): void {
    if (this.#done) return;
    this.#queue.push(bytes);
    this.#seen += bytes.length;
    this.#text.write(bytes);
    const lag = this.#held ? HELD_BYTES : REDACTION_LAG_BYTES;
    this.#move(Math.min(this.#text.safe, Math.max(this.#seen - lag, this.#text.complete ?? 0)));
  }

  end(): void {
    if (this.#done) return;
    this.#text.end();
    this.#move(this.#seen);
    if (this.#done) return;
    this.#recheck?.boundary();
    this.#clear();
  }

  settle(): void {
    if (this.#done) return;
    this.#text.settle();
    if (this.#held) return;
    this.#move(this.#text.safe);
    if (this.#done) return;
    this.#recheck?.settle();
    this.#clear();
  }

  /** What is held goes as it came, and all that follows: it can't be read. Not where something is to be taken out of it. */
  abandon(): void {
    const [first] = this.#finds;
    if (first) this.#refuse(first, NOT_THERE);
    const rest = [...this.#changed, ...this.#queue];
    this.close();
    for (const bytes of rest) this.#outlet.rewritten(bytes);
  }

  close(): void {
    this.#done = true;
    this.#queue = [];
    this.#changed = [];
  }

  #found(finding: Finding, edit: Edit | undefined): void {
    if (this.#done) return;
    const fixed = edit && this.#fixed && !edit.bytes ? { ...edit, form: "fixed" as const } : edit;
    const can = finding.replaceable && finding.detector !== "canary";
    if (!can) this.#refuse(finding);
    else if (fixed === undefined || fixed.start < this.#gone) this.#refuse(finding, NOT_THERE);
    else if (this.#fixed && fixed.bytes && fixed.bytes.length !== fixed.end - fixed.start)
      this.#refuse(finding, "It can't be taken out: the length of the body was stated.");
    else {
      const { start, end, name } = fixed;
      // the texts of a multipart body overlap
      if (this.#edits.some((e) => e.start === start && e.end === end && e.name === name)) return;
      if (this.#count++ === REDACTION_COUNT) {
        this.#refuse(finding, TOO_OFTEN);
        return;
      }
      this.#finds.push(finding);
      this.#edits.push(fixed);
    }
  }

  #refuse(finding: Finding, why?: string): void {
    this.close();
    this.#outlet.refuse(finding, why);
  }

  /** All before `safe` goes, but for what is to be changed and goes over that. */
  #move(safe: number): void {
    if (this.#done) return;
    if (this.#edits.length > 0) this.#change(safe);
    else this.#pass(safe);
  }

  #pass(safe: number): void {
    while (this.#gone < safe && !this.#done) {
      const first = this.#queue[0];
      if (!first) return;
      const whole = this.#gone + first.length <= safe;
      const bytes = whole ? first : first.subarray(0, safe - this.#gone);
      if (whole) this.#queue.shift();
      else this.#queue[0] = first.subarray(bytes.length);
      this.#gone += bytes.length;
      this.#emit(bytes);
    }
  }

  #change(safe: number): void {
    const edits = mergedEdits(this.#edits);
    if (!edits) {
      this.#refuseFinds();
      return;
    }
    const text = this.#queue.length === 1 ? (this.#queue[0] ?? EMPTY) : Buffer.concat(this.#queue);
    const base = this.#gone;
    let at = base;
    const rest: Edit[] = [];
    let to = safe;
    for (const edit of edits) {
      if (edit.end > to) {
        rest.push(edit);
        to = Math.min(to, edit.start);
        continue;
      }
      const start = edit.bytes ? edit.start : this.#escapeStart(text, base, edit);
      const cut = text.toString("latin1", Math.max(0, start - base), edit.end - base);
      if (start < at || (this.#json && !edit.bytes && BREAKS_JSON.test(cut))) {
        this.#refuseFinds();
        return;
      }
      if (start > at) this.#emit(text.subarray(at - base, start - base));
      const label =
        edit.bytes ?? Buffer.from(redactedLabel(edit.name, edit.form, edit.end - start), "latin1");
      this.#emit(label, true);
      at = edit.end;
      if (this.#done) return;
    }
    if (to > at) this.#emit(text.subarray(at - base, to - base));
    this.#gone = Math.max(at, to);
    this.#queue = [text.subarray(this.#gone - base)];
    this.#edits = rest;
    if (rest.length > 0) return;
    const finds = this.#finds;
    this.#finds = [];
    for (const finding of finds) if (!this.#done) this.#outlet.redacted(finding);
  }

  /** There is one for each edit that is not made yet. */
  #refuseFinds(): void {
    const [first] = this.#finds;
    if (first === undefined) throw new Error("an edit without a find");
    this.#refuse(first, NOT_THERE);
  }

  #escapeStart(text: Buffer, base: number, { start, form }: Edit): number {
    const from = Math.max(0, start - base - ESCAPE_CHARS);
    const inText = text.toString("latin1", from, start - base);
    return escapeStart(this.#last.toString("latin1") + inText, start, form);
  }

  #emit(bytes: Buffer, label = false): void {
    if (this.#recheck === undefined) {
      if (!label) {
        this.#outlet.rewritten(bytes);
        this.#remember(bytes);
        return;
      }
      this.#recheck = this.#reading.scanner((finding) => {
        if (!this.#done) this.#refuse(finding, "It is what is left when something else is taken out.");
      }, "again");
      this.#recheck.write(this.#last);
      this.#cleared = this.#last.length;
    }
    this.#changed.push(bytes);
    this.#changedBytes += bytes.length;
    this.#recheck.write(bytes);
    this.#remember(bytes);
    this.#clear();
  }

  #remember(bytes: Buffer): void {
    const last = bytes.length >= RECHECK_BYTES ? bytes : Buffer.concat([this.#last, bytes]);
    this.#last = last.subarray(Math.max(0, last.length - RECHECK_BYTES));
  }

  #clear(): void {
    const safe = this.#recheck?.safe ?? 0;
    while (!this.#done) {
      const first = this.#changed[0];
      if (!first || this.#cleared + first.length > safe) return;
      this.#changed.shift();
      this.#cleared += first.length;
      this.#changedBytes -= first.length;
      this.#outlet.rewritten(first);
    }
  }
}

const EMPTY = Buffer.alloc(0);
const NOT_THERE = "It can't be taken out there.";
const TOO_OFTEN = `Over ${REDACTION_COUNT} finds would have to be taken out.`;
/** What a label in place of it would leave no JSON: the end of a string, or numbers that are in none. */
const BREAKS_JSON = /^[\d\s,.+-]*$|(?<=(?:^|[^\\])(?:\\\\)*)"/;
