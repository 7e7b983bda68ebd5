import { MAX_PKT_LINE } from "../limits.ts";

/** A packet of git's wire protocol (gitprotocol-common): what it carries, or one of those that carry nothing. */
export type Packet = Buffer | "flush" | "delimiter" | "response-end";

/** The peer broke git's protocol. The message is a sentence's end: `a packet …`. */
export class WireError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "WireError";
  }
}

export const FLUSH: Buffer = Buffer.from("0000", "latin1");

/** One packet that carries `payload`, of at most 65,516 bytes. */
export function packet(payload: string | Buffer): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload, "utf8") : payload;
  if (bytes.length > MAX_PKT_LINE - 4) throw new RangeError("too long for one packet");
  const head = (bytes.length + 4).toString(16).padStart(4, "0");
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** What a packet says, without the line feed it may end in. Bytes beyond ASCII as latin1. */
export function lineOf(bytes: Buffer): string {
  const text = bytes.toString("latin1");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Reads packets off a stream, and gives back what comes behind them. */
export class PacketReader {
  readonly #source: AsyncIterator<Buffer, unknown>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Undefined: the stream ended between two packets. Throws `WireError`, and what the stream throws. */
  async next(): Promise<Packet | undefined> {
    if (!(await this.#have(4))) {
      if (this.#bytes.length > 0) throw new WireError("the connection ended inside a packet's length");
      return undefined;
    }
    const head = this.#bytes.toString("latin1", 0, 4);
    if (!/^[0-9a-f]{4}$/i.test(head)) throw new WireError("a packet's length is no number");
    const length = Number.parseInt(head, 16);
    if (length < 4) {
      this.#bytes = this.#bytes.subarray(4);
      const kind = (["flush", "delimiter", "response-end"] as const)[length];
      if (kind === undefined) throw new WireError("a packet is shorter than its own length");
      return kind;
    }
    if (length > MAX_PKT_LINE) throw new WireError("a packet is longer than git lets it be");
    if (!(await this.#have(length))) throw new WireError("the connection ended inside a packet");
    const payload = this.#bytes.subarray(4, length);
    this.#bytes = this.#bytes.subarray(length);
    return payload;
  }

  /** Waits for the next packet to begin. False: the stream ended. */
  begins(): Promise<boolean> {
    return this.#have(4);
  }

  /** Everything behind the last packet that was read. */
  async *rest(): AsyncGenerator<Buffer> {
    if (this.#bytes.length > 0) yield this.#bytes;
    this.#bytes = Buffer.alloc(0);
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return;
      yield next.value;
    }
  }

  async #have(count: number): Promise<boolean> {
    if (this.#bytes.length >= count) return true;
    const parts = [this.#bytes];
    let length = this.#bytes.length;
    while (length < count) {
      const next = await this.#source.next();
      if (next.done === true) break;
      parts.push(next.value);
      length += next.value.length;
    }
    this.#bytes = Buffer.concat(parts);
    return length >= count;
  }
}
