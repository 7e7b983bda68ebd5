import type { HeaderList } from "../../../policy/facts.ts";
import type { Body, ClientSide } from "../stream.ts";
import { GATHERED_BYTES, GATHERED_FROM_BYTES } from "./limits.ts";
import type { RequestReading } from "./request-inspection.ts";

/** Hears when what was gathered has been read: the exchange. */
export interface GatheringOutlet {
  /** hands over what may go; false: read no more of the body */
  requestFlush(): boolean;
  /** an error of ours */
  crashed(error: unknown): void;
}

/**
 * The pieces of a large body that come in one turn of the event loop, read as one: a TLS record and a DATA frame are 16 KiB,
 * and beginning to read costs as much for them as for more. A small piece that comes alone is read at once, the others
 * before the next turn, so that none waits for what hasn't come.
 */
class GatheredReading implements RequestReading {
  readonly #reading: RequestReading;
  readonly #outlet: GatheringOutlet;
  readonly #client: Pick<ClientSide, "pauseRequest">;
  #pieces: Buffer[] = [];
  #size = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(reading: RequestReading, outlet: GatheringOutlet, client: Pick<ClientSide, "pauseRequest">) {
    this.#reading = reading;
    this.#outlet = outlet;
    this.#client = client;
  }

  data(bytes: Buffer): void {
    if (this.#size === 0 && bytes.length < GATHERED_FROM_BYTES) {
      this.#reading.data(bytes);
      return;
    }
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= GATHERED_BYTES) this.#read();
    else this.#turn ??= setImmediate(this.#turnOver);
  }

  readonly #turnOver = (): void => {
    this.#turn = undefined;
    if (this.#size === 0) return;
    try {
      this.#read();
      if (!this.#outlet.requestFlush()) this.#client.pauseRequest();
    } catch (error) {
      this.#outlet.crashed(error);
    }
  };

  #read(): void {
    const [first] = this.#pieces;
    if (!first) return;
    const bytes = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    this.#reading.data(bytes);
  }

  end(trailers: HeaderList): void {
    this.#read();
    this.#reading.end(trailers);
  }

  roomy(): boolean {
    return this.#reading.roomy();
  }

  close(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#pieces = [];
    this.#size = 0;
    this.#reading.close();
  }
}

/** `body`: how it comes; a short one is read as it is. */
export function gathered(
  reading: RequestReading,
  body: Body,
  outlet: GatheringOutlet,
  client: Pick<ClientSide, "pauseRequest">,
): RequestReading {
  return body === "stream" || (typeof body === "number" && body >= GATHERED_BYTES)
    ? new GatheredReading(reading, outlet, client)
    : reading;
}
