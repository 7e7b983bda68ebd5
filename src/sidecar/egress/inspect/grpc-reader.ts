import { unreadable } from "./body-fault.ts";

/** What a gRPC body is made of (gRPC over HTTP/2, Length-Prefixed-Message), in order. */
export interface GrpcSink {
  /** `prefix`: the five bytes before a message of `length` bytes */
  messageStart(compressed: boolean, length: number, prefix: Buffer): void;
  messageData(bytes: Buffer): void;
  messageEnd(): void;
}

const PREFIX_BYTES = 5;
/** gRPC-Web: the last frame of a body holds trailers */
const TRAILERS = 0x80;

/** Cuts a body into its messages as it comes. */
export class GrpcReader {
  readonly #web: boolean;
  readonly #sink: GrpcSink;
  #prefix = Buffer.alloc(0);
  #left = 0;

  /** `web`: gRPC-Web, in its binary form. */
  constructor(web: boolean, sink: GrpcSink) {
    this.#web = web;
    this.#sink = sink;
  }

  /** Throws BodyFault where a prefix isn't one. */
  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        this.#sink.messageData(bytes.subarray(at, end));
        at = end;
        if (this.#left === 0) this.#sink.messageEnd();
        continue;
      }
      const end = Math.min(bytes.length, at + PREFIX_BYTES - this.#prefix.length);
      this.#prefix = Buffer.concat([this.#prefix, bytes.subarray(at, end)]);
      at = end;
      if (this.#prefix.length === PREFIX_BYTES) this.#start();
    }
  }

  /** Throws BodyFault when the body ends inside a message. */
  end(): void {
    if (this.#left > 0 || this.#prefix.length > 0) throw unreadable("ends inside a gRPC message");
  }

  #start(): void {
    const prefix = this.#prefix;
    this.#prefix = Buffer.alloc(0);
    const flag = prefix[0] ?? 0;
    const bits = this.#web ? flag & ~TRAILERS : flag;
    if (bits > 1) throw unreadable("has a gRPC message with a flag that is not defined");
    this.#left = prefix.readUInt32BE(1);
    this.#sink.messageStart(bits === 1, this.#left, prefix);
    if (this.#left === 0) this.#sink.messageEnd();
  }
}
