import type { Finding } from "../../../dlp/finding.ts";
import type { InjectionFinding } from "../../../dlp/injection/finding.ts";
import { InjectionScanner, type TextKind } from "../../../dlp/injection/scanner.ts";
import type { Detectors, Scanner } from "../../../dlp/scanner.ts";

/** An answer with its codings undone, read for what must not reach the agent as it is. */
export class AnswerText {
  readonly #mask: Scanner | undefined;
  readonly #injection: InjectionScanner | undefined;
  readonly #events: boolean;
  #seen = 0;

  /** `kind` undefined: not read for injections. */
  constructor(detectors: Detectors, kind: TextKind | undefined, found: (finding: Finding) => void) {
    this.#mask = detectors.masks ? detectors.maskScanner(found) : undefined;
    this.#injection = kind === undefined ? undefined : new InjectionScanner(kind);
    this.#events = kind === "sse";
  }

  write(bytes: Buffer): void {
    this.#seen += bytes.length;
    this.#mask?.write(bytes);
    this.#injection?.write(bytes);
    if (this.#events && endsEvent(bytes)) {
      this.#mask?.settle();
      this.settle();
    }
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
function endsEvent(bytes: Buffer): boolean {
  return /(?:\n\n|\r\r|\r\n\r\n)$/.test(bytes.toString("latin1", Math.max(0, bytes.length - 4)));
}
