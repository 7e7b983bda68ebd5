import type { HeaderList } from "../../../policy/facts.ts";
import type { BodyOut } from "../outgoing-body.ts";
import type { GateOutlet } from "./body-gate.ts";
import type { HeldTotal } from "./held-total.ts";
import { REFRAMED_BYTES } from "./limits.ts";

/** Holds a body whose length was stated, until it is whole: what it is after redaction is the length that is sent. */
export class BodyHold implements BodyOut {
  readonly #held: HeldTotal;
  readonly #reserved: number;
  readonly #outlet: Pick<GateOutlet, "letGo">;
  #pieces: Buffer[] = [];
  #closed = false;

  private constructor(held: HeldTotal, reserved: number, outlet: Pick<GateOutlet, "letGo">) {
    this.#held = held;
    this.#reserved = reserved;
    this.#outlet = outlet;
  }

  /** `length`: as stated. Undefined: it can't be held. */
  static of(length: number, held: HeldTotal, outlet: Pick<GateOutlet, "letGo">): BodyHold | undefined {
    if (length > REFRAMED_BYTES || !held.add(length)) return undefined;
    return new BodyHold(held, length, outlet);
  }

  write(bytes: Buffer): void {
    if (!this.#closed) this.#pieces.push(bytes);
  }

  end(trailers: HeaderList): void {
    if (this.#closed) return;
    const body = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.close();
    if (body) this.#outlet.letGo(body, trailers);
  }

  flush(): boolean {
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pieces = [];
    this.#held.remove(this.#reserved);
  }
}
