import type { RecordedFinding } from "../../../journal/record.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../../../policy/headers.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { BodyOut } from "../outgoing-body.ts";
import type { Plane } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { BodyFault } from "./body-fault.ts";
import { type Coding, statedCodings } from "./content-codings.ts";
import { ContentDecoder } from "./content-decoder.ts";
import { MODEL_BODY_BYTES } from "./limits.ts";
import { parseMediaType } from "./media-type.ts";

/** Who hears what came of a request that is held: the exchange. */
export interface GateOutlet {
  found(finding: RecordedFinding): void;
  refuse(refusal: Refusal): void;
  /** it may go, as it is; it is whole */
  letGo(body: Buffer, trailers: HeaderList): void;
}

/** What a body is read as when it is whole. */
export interface BodyReading {
  /** the rule that asks for it, as refusals name it */
  readonly rule: string;
  /** Why it may not go; undefined: it may. `text`: its codings undone. */
  judge(text: Buffer): { readonly refusal: Refusal; readonly finding?: RecordedFinding } | undefined;
  /** `problem`: the end of a sentence that begins with "The body" */
  unreadable(problem: string): Refusal;
}

/**
 * Holds a request until its body has been read whole; nothing of it goes before, not even its head. It stands where the
 * body would go out: what it gets is what the detectors let through.
 */
export class BodyGate implements BodyOut {
  readonly #plane: Plane;
  readonly #reading: BodyReading;
  readonly #codings: readonly Coding[];
  readonly #outlet: GateOutlet;
  #pieces: Buffer[] = [];
  #held = 0;
  #closed = false;
  #decoder: ContentDecoder | undefined;

  constructor(plane: Plane, reading: BodyReading, codings: readonly Coding[], outlet: GateOutlet) {
    this.#plane = plane;
    this.#reading = reading;
    this.#codings = codings;
    this.#outlet = outlet;
  }

  write(bytes: Buffer): void {
    if (this.#closed) return;
    if (this.#held + bytes.length > MODEL_BODY_BYTES) {
      this.#refuse(tooLarge(this.#reading, "is longer than what can be held to be read"));
      return;
    }
    if (this.#holds(bytes)) this.#pieces.push(bytes);
  }

  /** False: it is refused, because there is no room beside all others. */
  #holds({ length }: Buffer): boolean {
    const room = this.#plane.inspector.heldBodies.add(length);
    if (room) this.#held += length;
    else this.#refuse(tooLarge(this.#reading, "can't be held beside all others", true));
    return room;
  }

  end(trailers: HeaderList): void {
    if (this.#closed) return;
    const body = Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (this.#codings.length === 0 || body.length === 0) this.#judge(body, body, trailers);
    else this.#decode(body, trailers);
  }

  flush(): boolean {
    return true;
  }

  /** Forgets what is held. */
  close(): void {
    this.#closed = true;
    this.#decoder?.close();
    this.#plane.inspector.heldBodies.remove(this.#held);
    this.#held = 0;
    this.#pieces = [];
  }

  #decode(body: Buffer, trailers: HeaderList): void {
    const pieces: Buffer[] = [];
    let size = 0;
    const decoder = new ContentDecoder(this.#codings, {
      decoded: (bytes) => {
        size += bytes.length;
        if (size > MODEL_BODY_BYTES)
          this.#refuse(tooLarge(this.#reading, "is longer than what can be held to be read, decoded"));
        else if (this.#holds(bytes)) pieces.push(bytes);
      },
      failed: (fault) => this.#refuse(this.#reading.unreadable(fault.message)),
    });
    this.#decoder = decoder;
    decoder.write(body, () => decoder.end(() => this.#judge(Buffer.concat(pieces), body, trailers)));
  }

  #judge(text: Buffer, body: Buffer, trailers: HeaderList): void {
    if (this.#closed) return;
    const objection = this.#reading.judge(text);
    if (objection) {
      if (objection.finding) this.#outlet.found(objection.finding);
      this.#refuse(objection.refusal);
      return;
    }
    // It counts as held until the exchange is over: how fast it is taken is the upstream's choice.
    this.#plane.inspector.heldBodies.remove(this.#held - body.length);
    this.#held = body.length;
    this.#outlet.letGo(body, trailers);
  }

  #refuse(refusal: Refusal): void {
    if (this.#closed) return;
    this.close();
    this.#outlet.refuse(refusal);
  }
}

/** What holds a request whose body is to be JSON; a Refusal: by its head it can't be read. */
export function bodyGate(
  plane: Plane,
  reading: BodyReading,
  { body, fields }: IncomingRequest,
  outlet: GateOutlet,
): BodyGate | Refusal {
  if (body === "none" || body === 0) return reading.unreadable("is empty");
  const codings = statedCodings(fields);
  if (codings instanceof BodyFault) return reading.unreadable(codings.message);
  if (!isJson(fields)) return reading.unreadable("is not said to be application/json in UTF-8");
  return new BodyGate(plane, reading, codings, outlet);
}

function isJson(fields: HeaderList): boolean {
  const stated = fieldValue(fields, "content-type");
  const media = stated === undefined ? undefined : parseMediaType(stated);
  if (media?.type !== "application/json") return false;
  return [...media.parameters].every(([name, value]) => name === "charset" && /^utf-?8$/i.test(value));
}

function tooLarge({ rule }: BodyReading, problem: string, retryable = false): Refusal {
  return refuse("dlp.body_too_large", `The body ${problem}.`, rule, { retryable });
}
