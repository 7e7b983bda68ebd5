import type { Finding } from "../../../dlp/finding.ts";
import type { InjectionFinding } from "../../../dlp/injection/finding.ts";
import { saysNothing } from "../../../dlp/injection/quick-look.ts";
import { InjectionScanner, type TextKind } from "../../../dlp/injection/scanner.ts";
import type { Detectors, Scanner } from "../../../dlp/scanner.ts";
import { type AnswerKind, readsAsText } from "./text-kind.ts";

/** An answer with its codings undone, read for what must not reach the agent as it is. */
export class AnswerText {
  readonly #detectors: Detectors;
  readonly #masked: (finding: Finding) => void;
  /** undefined: not read for injections */
  #kind: AnswerKind | undefined;
  #mask: Scanner | undefined;
  #injection: InjectionScanner | undefined;
  /** the last bytes, for a blank line that came in two pieces */
  #tail = "";
  #seen = 0;

  /** `kind` undefined: not read for injections. */
  constructor(detectors: Detectors, kind: AnswerKind | undefined, found: (finding: Finding) => void) {
    this.#detectors = detectors;
    this.#masked = found;
    this.#kind = kind;
  }

  /** `last`: the whole text, or its end; a text that comes whole costs the least. */
  write(bytes: Buffer, last = false): void {
    if (this.#kind === "unstated" && bytes.length > 0) this.#kind = readsAsText(bytes) ? "text" : undefined;
    if (this.#detectors.masks) this.#maskIn(bytes, last);
    if (this.#kind !== undefined && this.#kind !== "unstated") this.#readIn(this.#kind, bytes, last);
    this.#seen += bytes.length;
    if (this.#kind !== "sse") return;
    this.#tail = (this.#tail + bytes.toString("latin1", Math.max(0, bytes.length - 4))).slice(-4);
    if (EVENT_END.test(this.#tail)) {
      this.#mask?.settle();
      this.settle();
    }
  }

  #maskIn(bytes: Buffer, last: boolean): void {
    if (last && this.#seen === 0) {
      for (const finding of this.#detectors.maskFindings(bytes)) this.#masked(finding);
      return;
    }
    this.#mask ??= this.#detectors.maskScanner(this.#masked);
    this.#mask.write(bytes, last);
  }

  #readIn(kind: TextKind, bytes: Buffer, last: boolean): void {
    if (last && this.#seen === 0 && saysNothing(kind, bytes)) return;
    this.#injection ??= new InjectionScanner(kind);
    this.#injection.write(bytes);
  }

  /** Nothing came for a while: what only might become an injection may go. The beginning of a credential may not. */
  settle(): void {
    this.#injection?.boundary();
  }

  end(): void {
    this.#mask?.settle();
    this.#injection?.end();
  }

  get injection(): InjectionFinding | undefined {
    return this.#injection?.found;
  }

  get safe(): number {
    return Math.min(this.#mask?.safe ?? this.#seen, this.#injection?.safe ?? this.#seen);
  }
}

/** WHATWG HTML §9.2.6: a blank line, whichever line ends are used. */
const EVENT_END = /(?:\n\n|\r\r|\r\n\r\n)$/;
