import { malformed, tooBig } from "./fault.ts";
import { type FrameHead, MAX_CONTROL_BYTES, PONG, TEXT } from "./frame.ts";
import { MESSAGE_BYTES } from "./limits.ts";

export interface FrameSink {
  frameStart(head: FrameHead): void;
  /** a piece of the payload as it came, masked where the frame is; never empty */
  framePayload(raw: Buffer): void;
  frameEnd(): void;
}

/** 2, 8 of length, 4 of key */
const HEAD_BYTES = 14;

/** Takes one direction of a WebSocket apart (RFC 6455 §5.2), in pieces as they come. */
export class FrameReader {
  readonly #masked: boolean;
  readonly #deflate: boolean;
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #have = 0;
  #left = 0;
  #stopped = false;

  /** `masked`: whether frames must be, or must not be. `deflate`: RSV1 has a meaning. */
  constructor(masked: boolean, deflate: boolean, sink: FrameSink) {
    this.#masked = masked;
    this.#deflate = deflate;
    this.#sink = sink;
  }

  /** Inside a frame's payload. */
  get inPayload(): boolean {
    return this.#left > 0;
  }

  /** Takes no more, the rest of what is being written included. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws WebSocketFault at the first thing that no frame may have; nothing may be written after that. */
  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      if (this.#left === 0) {
        this.#head[this.#have++] = bytes[at++] ?? 0;
        this.#readHead();
        continue;
      }
      const end = Math.min(bytes.length, at + this.#left);
      this.#sink.framePayload(bytes.subarray(at, end));
      this.#left -= end - at;
      at = end;
      if (this.#left === 0) this.#sink.frameEnd();
    }
  }

  #readHead(): void {
    const first = this.#head[0] ?? 0;
    const opcode = first & 0x0f;
    if (this.#have === 1) this.#checkFirst(first, opcode);
    if (this.#have < 2) return;
    const second = this.#head[1] ?? 0;
    const short = second & 0x7f;
    const masks = (second & 0x80) !== 0;
    if (this.#have === 2) {
      if (masks !== this.#masked) throw malformed(`frame is ${masks ? "" : "not "}masked`);
      if (opcode > TEXT + 1 && short > MAX_CONTROL_BYTES) throw malformed("control frame is too long");
    }
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const size = 2 + lengthBytes + (masks ? 4 : 0);
    if (this.#have === 2 + lengthBytes) this.#length(short);
    if (this.#have < size) return;
    const bytes = Buffer.from(this.#head.subarray(0, size));
    this.#have = 0;
    const length = this.#length(short);
    this.#sink.frameStart({
      fin: (first & 0x80) !== 0,
      compressed: (first & 0x40) !== 0,
      opcode,
      key: masks ? bytes.subarray(size - 4) : undefined,
      length,
      bytes,
    });
    this.#left = length;
    if (length === 0) this.#sink.frameEnd();
  }

  #checkFirst(first: number, opcode: number): void {
    if ((first & 0x30) !== 0) throw malformed("frame has a reserved bit set");
    if ((opcode > 2 && opcode < 8) || opcode > PONG) throw malformed("frame has a reserved opcode");
    if (opcode > 2 && (first & 0x80) === 0) throw malformed("control frame is fragmented");
    if ((first & 0x40) !== 0 && !(this.#deflate && (opcode === TEXT || opcode === TEXT + 1)))
      throw malformed("frame has a reserved bit set");
  }

  #length(short: number): number {
    if (short < 126) return short;
    if (short === 126) {
      const length = this.#head.readUInt16BE(2);
      if (length < 126) throw malformed("frame states its length in more bytes than it needs");
      return length;
    }
    const length = this.#head.readBigUInt64BE(2);
    if (length < 65_536n) throw malformed("frame states its length in more bytes than it needs");
    if (length >> 63n !== 0n) throw malformed("frame states a negative length");
    if (length > BigInt(MESSAGE_BYTES)) throw tooBig(`frame is over ${MESSAGE_BYTES} bytes`);
    return Number(length);
  }
}
