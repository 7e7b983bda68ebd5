import type { RecordedFinding } from "../../../journal/record.ts";
import type { AllowDecision } from "../../../policy/decide.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../../../policy/headers.ts";
import type { ModelRefusal } from "../../../policy/model-api/check.ts";
import { checkModelApi } from "../../../policy/model-api/model-api.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { BodyOut } from "../outgoing-body.ts";
import type { Plane } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { BodyFault } from "./body-fault.ts";
import { type Coding, statedCodings } from "./content-codings.ts";
import { ContentDecoder } from "./content-decoder.ts";
import type { Inspector } from "./inspector.ts";
import { MODEL_BODY_BYTES } from "./limits.ts";
import { parseMediaType } from "./media-type.ts";

/** Who hears what came of a request that is held: the exchange. */
export interface GateOutlet {
  found(finding: RecordedFinding): void;
  refuse(refusal: Refusal): void;
  /** it may go, as it is; it is whole */
  letGo(body: Buffer, trailers: HeaderList): void;
}

/**
 * Holds a request to a model's API until its body has been read whole; nothing of it goes before, not even its head.
 * It stands where the body would go out: what it gets is what the detectors let through.
 */
export class ModelGate implements BodyOut {
  readonly #plane: Plane;
  readonly #decision: AllowDecision;
  readonly #codings: readonly Coding[];
  readonly #outlet: GateOutlet;
  #pieces: Buffer[] = [];
  #held = 0;
  #closed = false;
  #decoder: ContentDecoder | undefined;

  constructor(plane: Plane, decision: AllowDecision, codings: readonly Coding[], outlet: GateOutlet) {
    this.#plane = plane;
    this.#decision = decision;
    this.#codings = codings;
    this.#outlet = outlet;
  }

  write(bytes: Buffer): void {
    if (this.#closed) return;
    if (this.#held + bytes.length > MODEL_BODY_BYTES) {
      this.#refuse(tooLarge(this.#decision, "is longer than what can be held to be read"));
      return;
    }
    if (this.#holds(bytes)) this.#pieces.push(bytes);
  }

  /** False: it is refused, because there is no room beside all others. */
  #holds({ length }: Buffer): boolean {
    const room = this.#plane.inspector.heldBodies.add(length);
    if (room) this.#held += length;
    else this.#refuse(tooLarge(this.#decision, "can't be held beside all others", true));
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
          this.#refuse(tooLarge(this.#decision, "is longer than what can be held to be read, decoded"));
        else if (this.#holds(bytes)) pieces.push(bytes);
      },
      failed: (fault) => this.#refuse(unreadable(this.#decision, fault.message)),
    });
    this.#decoder = decoder;
    decoder.write(body, () => decoder.end(() => this.#judge(Buffer.concat(pieces), body, trailers)));
  }

  #judge(text: Buffer, body: Buffer, trailers: HeaderList): void {
    if (this.#closed) return;
    const { route } = this.#decision;
    const { policy } = this.#plane;
    const objection = route.spec.body && checkModelApi(route.spec.body, route, policy, text);
    if (objection) {
      this.#outlet.found(modelFinding(objection, "body", this.#plane.inspector));
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

/**
 * What holds a request to a model's API, by its head; undefined: nothing in its body is read as one, and it goes as any
 * other.
 */
export function modelGate(
  plane: Plane,
  decision: AllowDecision,
  { body, websocket, fields }: IncomingRequest,
  outlet: GateOutlet,
): ModelGate | Refusal | undefined {
  const { endpoint } = decision;
  if (endpoint === undefined || endpoint === "upload") return undefined;
  if (websocket && endpoint !== "messages") return noSocket(decision);
  const bodiless = body === "none" || body === 0;
  if (endpoint !== "body")
    return bodiless ? undefined : unreadable(decision, "comes with a request that takes none");
  if (bodiless) return unreadable(decision, "is empty");
  const codings = statedCodings(fields);
  if (codings instanceof BodyFault) return unreadable(decision, codings.message);
  if (!isJson(fields)) return unreadable(decision, "is not said to be application/json in UTF-8");
  return new ModelGate(plane, decision, codings, outlet);
}

/** For the journal: what was refused, and where it stands; never its value, nor a name that is a secret. */
export function modelFinding(
  { refusal, place }: ModelRefusal,
  surface: string,
  { mask }: Inspector,
): RecordedFinding {
  return {
    detector: "model_api",
    name: refusal.code,
    surface: place === "" ? surface : `${surface} ${mask(place)}`,
    action: "block",
  };
}

function isJson(fields: HeaderList): boolean {
  const stated = fieldValue(fields, "content-type");
  const media = stated === undefined ? undefined : parseMediaType(stated);
  if (media?.type !== "application/json") return false;
  return [...media.parameters].every(([name, value]) => name === "charset" && /^utf-?8$/i.test(value));
}

function noSocket({ route, path }: AllowDecision): Refusal {
  const detail = `No WebSocket on ${path} is read, so none is opened.`;
  return refuse("model.endpoint_not_allowed", detail, `${route.rule} body`);
}

function unreadable({ route }: AllowDecision, problem: string): Refusal {
  return refuse("model.body_unreadable", `The body ${problem}.`, `${route.rule} body`);
}

function tooLarge({ route }: AllowDecision, problem: string, retryable = false): Refusal {
  return refuse("dlp.body_too_large", `The body ${problem}.`, `${route.rule} body`, { retryable });
}
