import { type Finding, isUnsearched } from "../../../dlp/finding.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { type BodyFault, unreadable } from "./body-fault.ts";
import type { BodyOutlet, OutgoingText } from "./body-outlet.ts";
import type { BodyReading } from "./body-text.ts";
import type { Coding } from "./content-codings.ts";
import { ContentDecoder } from "./content-decoder.ts";
import { encoded } from "./content-encoder.ts";
import { RECODED_BYTES, RECODED_TEXT_BYTES, REDACTION_ROUNDS } from "./limits.ts";
import { RequestBody } from "./request-body.ts";
import { TextRewriter } from "./text-rewriter.ts";

const TOO_LONG = "It can't be taken out of a coded body this long.";
const NOT_AGAIN = "It can't be taken out and coded again.";

/**
 * A coded body on its way out. It is held, as it came, until it has been read; when something is found in it, it is
 * decoded, rewritten, coded as it was, and read again. One too long to be held goes as it can be judged, and what is found
 * in that is blocked.
 */
export class RecodedBody implements OutgoingText {
  readonly #fields: HeaderList;
  readonly #codings: readonly Coding[];
  readonly #reading: BodyReading;
  readonly #outlet: BodyOutlet;
  #body: RequestBody;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #beginnings: Buffer[] = [];
  /** the first thing found in this round */
  #found: Finding | undefined;
  #redacted: Finding[] = [];
  #round = 0;
  /** too long: it goes as it can be judged */
  #passes = false;
  #decoder: ContentDecoder | undefined;
  #closed = false;

  constructor(fields: HeaderList, codings: readonly Coding[], reading: BodyReading, outlet: BodyOutlet) {
    this.#fields = fields;
    this.#codings = codings;
    this.#reading = reading;
    this.#outlet = outlet;
    this.#body = this.#reader(reading);
  }

  write(bytes: Buffer): void {
    if (this.#closed) return;
    this.#body.write(bytes);
  }

  end(): void {
    if (!this.#closed) this.#body.end();
  }

  roomy(): boolean {
    return this.#body.roomy();
  }

  settle(): boolean {
    return !this.#closed && this.#body.settle();
  }

  get holds(): boolean {
    return !this.#closed && this.#passes && this.#body.holds;
  }

  close(): void {
    this.#closed = true;
    this.#body.close();
    this.#decoder?.close();
    this.#held = [];
    this.#beginnings = [];
  }

  /** Reads the body, as it comes or as it was rewritten. */
  #reader(reading: BodyReading): RequestBody {
    const outlet = this.#outlet;
    return new RequestBody(this.#fields, reading, {
      release: (bytes) => this.#hold(bytes),
      push: () => outlet.push(),
      released: () => this.#read(),
      beginning: (bytes) => {
        if (this.#passes) outlet.beginning(bytes);
        else this.#beginnings.push(bytes);
      },
      fault: (fault) => this.#fault(fault),
      room: () => outlet.room(),
      redacted: () => {},
      refuse: (finding) => this.#note(finding),
    });
  }

  #note(finding: Finding): void {
    if (this.#closed) return;
    // Whether it can be taken out is seen when that is tried: in the coded bytes it can't.
    if (finding.detector === "canary" || isUnsearched(finding)) this.#refuse(finding);
    else if (this.#passes) this.#refuse(finding, TOO_LONG);
    else if (this.#round === REDACTION_ROUNDS) this.#refuse(finding, NOT_AGAIN);
    else this.#found ??= finding;
  }

  #refuse(finding: Finding, why?: string): void {
    this.close();
    this.#outlet.refuse(finding, why);
  }

  #fault(fault: BodyFault): boolean {
    if (this.#closed) return false;
    // What can't be read may pass, what was found in it may not.
    const found = this.#found ?? this.#redacted[0];
    if (found) {
      this.#refuse(found, NOT_AGAIN);
      return false;
    }
    const passes = this.#outlet.fault(fault);
    if (passes) this.#pass();
    else this.close();
    return passes;
  }

  #hold(bytes: Buffer): void {
    if (this.#closed) return;
    if (this.#passes) {
      this.#outlet.release(bytes);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= RECODED_BYTES) return;
    if (this.#found) this.#refuse(this.#found, TOO_LONG);
    else this.#pass();
  }

  /** What is held goes, and what follows isn't held any more. */
  #pass(): void {
    this.#passes = true;
    const held = this.#held;
    const beginnings = this.#beginnings;
    this.#held = [];
    this.#beginnings = [];
    for (const bytes of beginnings) if (!this.#closed) this.#outlet.beginning(bytes);
    for (const bytes of held) if (!this.#closed) this.#outlet.release(bytes);
  }

  /** It was read to its end. */
  #read(): void {
    if (this.#closed) return;
    if (this.#found) {
      this.#rewrite(this.#found);
      return;
    }
    if (!this.#passes) this.#pass();
    if (this.#closed) return;
    for (const finding of this.#redacted) this.#outlet.redacted(finding);
    this.#outlet.released();
  }

  #rewrite(found: Finding): void {
    const body = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#beginnings = [];
    this.#found = undefined;
    this.#round++;
    const pieces: Buffer[] = [];
    let size = 0;
    const rewriter = new TextRewriter(this.#fields, this.#quiet(), "held", {
      rewritten: (bytes) => pieces.push(bytes),
      redacted: (finding) => this.#redacted.push(finding),
      refuse: (finding, why) => this.#refuse(finding, why),
    });
    const attempt = (step: () => void): void => {
      try {
        if (!this.#closed) step();
      } catch {
        this.#refuse(found, NOT_AGAIN);
      }
    };
    this.#decoder = new ContentDecoder(this.#codings, {
      decoded: (bytes) =>
        attempt(() => {
          size += bytes.length;
          if (size > RECODED_TEXT_BYTES) throw unreadable("is too long");
          rewriter.write(bytes);
        }),
      failed: () => this.#refuse(found, NOT_AGAIN),
    });
    this.#decoder.write(body, () =>
      this.#decoder?.end(() => {
        attempt(() => rewriter.end());
        if (this.#closed) return;
        encoded(Buffer.concat(pieces), this.#codings, body, (coded) => {
          if (coded) this.#readAgain(coded);
          else if (!this.#closed) this.#refuse(found, NOT_AGAIN);
        });
      }),
    );
  }

  /** What is only warned of was warned of. */
  #quiet(): BodyReading {
    const reading = this.#reading;
    return {
      scanner: (found, kind) => reading.scanner(found, kind === "text" ? "again" : kind),
      scanText: (text) => reading.scanText(text),
      judge: () => reading.judge(),
    };
  }

  #readAgain(body: Buffer): void {
    if (this.#closed) return;
    this.#body = this.#reader(this.#quiet());
    this.#body.write(body);
    this.#body.end();
    this.#outlet.push();
  }
}
