import type { Finding } from "../../../dlp/finding.ts";
import { SPLIT_BODY_BYTES } from "../../../dlp/split/limits.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { BodyFault, tooLarge } from "./body-fault.ts";
import type { BodyOutlet, OutgoingText } from "./body-outlet.ts";
import { type BodyReading, isPlain } from "./body-text.ts";
import { type Coding, codingByMagic, statedCodings } from "./content-codings.ts";
import { REDACTION_PAUSES, UNJUDGED_BYTES } from "./limits.ts";
import { RecodedBody } from "./recoded-body.ts";
import { RequestBody } from "./request-body.ts";
import { type Framing, TextRewriter } from "./text-rewriter.ts";

/**
 * A request body on its way out, with labels in the place of what is found in it. Where its length must stay, what is coded
 * can only be blocked.
 */
export function createRedactedBody(
  fields: HeaderList,
  reading: BodyReading,
  framing: Framing,
  outlet: BodyOutlet,
): OutgoingText {
  const codings = statedCodings(fields);
  // It says why it can't be read.
  if (codings instanceof BodyFault) return new RequestBody(fields, reading, outlet);
  const recoded = (known: readonly Coding[]): OutgoingText =>
    framing === "fixed"
      ? new RequestBody(fields, reading, withReason(outlet))
      : new RecodedBody(fields, known, reading, outlet);
  if (codings.length > 0) return recoded(codings);
  if (!isPlain(fields)) return new RewrittenText(fields, reading, framing, outlet);
  return new Opening((coding) =>
    coding ? recoded([coding]) : new RewrittenText(fields, reading, framing, outlet),
  );
}

/** A body whose first bytes say what it is. */
class Opening implements OutgoingText {
  readonly #open: (coding: Coding | undefined) => OutgoingText;
  #first = EMPTY;
  #body: OutgoingText | undefined;

  constructor(open: (coding: Coding | undefined) => OutgoingText) {
    this.#open = open;
  }

  write(bytes: Buffer): void {
    if (this.#body) {
      this.#body.write(bytes);
      return;
    }
    const first = this.#first.length === 0 ? bytes : Buffer.concat([this.#first, bytes]);
    const coding = codingByMagic(first);
    this.#first = first;
    if (coding !== "undecided") this.#begin(coding);
  }

  end(): void {
    if (!this.#body) this.#begin(undefined);
    this.#body?.end();
  }

  #begin(coding: Coding | undefined): void {
    const first = this.#first;
    this.#first = EMPTY;
    this.#body = this.#open(coding);
    if (first.length > 0) this.#body.write(first);
  }

  roomy(): boolean {
    return this.#body?.roomy() ?? true;
  }

  settle(): boolean {
    return this.#body?.settle() ?? false;
  }

  get holds(): boolean {
    return this.#body?.holds ?? false;
  }

  close(): void {
    this.#first = EMPTY;
    this.#body?.close();
  }
}

/** A body without codings: it goes as it can be judged. */
class RewrittenText implements OutgoingText {
  readonly #outlet: BodyOutlet;
  #text: TextRewriter | undefined;
  readonly #framing: Framing;
  #went = 0;
  #pauses = 0;
  #done = false;

  constructor(fields: HeaderList, reading: BodyReading, framing: Framing, outlet: BodyOutlet) {
    this.#outlet = outlet;
    this.#framing = framing;
    this.#guard(() => {
      this.#text = new TextRewriter(fields, reading, framing, {
        rewritten: (bytes) => this.#release(bytes),
        redacted: (finding) => outlet.redacted(finding),
        refuse: (finding, why) => outlet.refuse(finding, why),
      });
    });
  }

  write(bytes: Buffer): void {
    if (this.#done || bytes.length === 0) return;
    this.#pauses = 0;
    if (!this.#text) {
      this.#outlet.release(bytes);
      return;
    }
    this.#guard(() => {
      this.#text?.write(bytes);
      if ((this.#text?.held ?? 0) <= UNJUDGED_BYTES) return;
      this.#text?.settle();
      if ((this.#text?.held ?? 0) > UNJUDGED_BYTES)
        throw tooLarge("holds more than can be kept until it can be judged");
    });
  }

  end(): void {
    this.#guard(() => this.#text?.end());
    if (this.#done) return;
    this.#done = true;
    this.#outlet.released();
  }

  roomy(): boolean {
    return true;
  }

  settle(): boolean {
    if (this.#done || this.#framing === "held") return false;
    if (++this.#pauses < REDACTION_PAUSES) return true;
    this.#guard(() => this.#text?.settle());
    return false;
  }

  get holds(): boolean {
    return !this.#done && this.#framing !== "held" && (this.#text?.held ?? 0) > 0;
  }

  close(): void {
    this.#done = true;
    this.#text?.close();
  }

  #release(bytes: Buffer): void {
    if (this.#done) return;
    if (this.#went < SPLIT_BODY_BYTES)
      this.#outlet.beginning(bytes.subarray(0, SPLIT_BODY_BYTES - this.#went));
    this.#went += bytes.length;
    if (!this.#done) this.#outlet.release(bytes);
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BodyFault)) throw error;
      const text = this.#text;
      this.#text = undefined;
      if (this.#outlet.fault(error)) text?.abandon();
      else this.close();
    }
  }
}

function withReason(outlet: BodyOutlet): BodyOutlet {
  return {
    release: (bytes) => outlet.release(bytes),
    push: () => outlet.push(),
    released: () => outlet.released(),
    beginning: (bytes) => outlet.beginning(bytes),
    fault: (fault) => outlet.fault(fault),
    room: () => outlet.room(),
    redacted: (finding: Finding) => outlet.redacted(finding),
    refuse: (finding) => outlet.refuse(finding, TOO_LONG),
  };
}

const EMPTY: Buffer = Buffer.alloc(0);
const TOO_LONG = "It can't be taken out of a coded body this long.";
