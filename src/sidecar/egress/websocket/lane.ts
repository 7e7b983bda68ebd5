import { randomBytes } from "node:crypto";
import { INVALID_PAYLOAD, malformed, POLICY_VIOLATION, tooBig } from "./fault.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  checkClose,
  encodeFrame,
  type FrameHead,
  masked,
  PING,
  TEXT,
} from "./frame.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import type { HeldBytes } from "./held-bytes.ts";
import type { MessageJudge } from "./judge.ts";
import {
  CONTROL_COUNT,
  FRAGMENT_COUNT,
  HELD_MESSAGE_BYTES,
  MESSAGE_BYTES,
  PIECE_BYTES,
  WHOLE_BYTES,
} from "./limits.ts";
import type { MessageCoding } from "./message-coding.ts";
import { Utf8Check } from "./utf8.ts";

export interface LaneOptions {
  /** frames are masked: they come from the client */
  readonly masked: boolean;
  readonly coding: MessageCoding | undefined;
  readonly judge: MessageJudge;
  readonly held: HeldBytes;
  write(bytes: Buffer): void;
  /** a close frame passed; nothing follows it */
  closed(): void;
  /** the text of a message, or of a piece of one, for the journal */
  readonly copy: ((text: Buffer) => void) | undefined;
}

interface Message {
  readonly opcode: number;
  readonly compressed: boolean;
  frames: number;
  size: number;
  /** bytes that count as held */
  held: number;
  /** what of it may go has gone, and the rest follows */
  streams: boolean;
  /** unmasked payload, while it is held */
  payload: Buffer[];
}

/** Bytes as they came. `end`: bytes of text, of all messages together, before their end. */
interface Piece {
  bytes: Buffer;
  readonly end: number;
  /** a frame's first bytes, or a control frame */
  readonly begins: boolean;
  readonly control: boolean;
}

const NEW_LINE = Buffer.from("\n");

const SURFACES = new Map([
  [CLOSE, "close frame"],
  [PING, "ping"],
]);

/**
 * One direction of a WebSocket: frames in, messages judged, the same frames out. A message is held whole if it is short,
 * compressed, or may be rewritten; of any other goes what can be judged.
 */
export class Lane implements FrameSink {
  /** messages that went */
  messages = 0;
  /** a close frame went */
  closed = false;
  readonly #options: LaneOptions;
  readonly #reader: FrameReader;
  readonly #utf8 = new Utf8Check();
  #head: FrameHead | undefined;
  #phase = 0;
  #control: Buffer[] = [];
  #message: Message | undefined;
  #queue: Piece[] = [];
  #waitingControls = 0;
  #text = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#reader = new FrameReader(options.masked, options.coding !== undefined, this);
  }

  /** Whether a frame of our own may be put here. */
  get atBoundary(): boolean {
    if (!this.#message?.streams) return true;
    return this.#queue[0]?.begins ?? !this.#reader.inPayload;
  }

  /** Throws WebSocketFault. */
  write(bytes: Buffer): void {
    if (this.closed) return;
    this.#reader.write(bytes);
    if (this.#message?.streams) this.#release(this.#options.judge.safe);
  }

  /** Bytes of a message of which some has gone wait to be judged. */
  get holds(): boolean {
    return this.#message?.streams === true && this.#queue.length > 0;
  }

  /** Nothing came for a while. Throws WebSocketFault. */
  settle(): void {
    const { judge } = this.#options;
    if (!this.holds) return;
    judge.settle();
    this.#release(judge.safe);
  }

  /** Forgets what is held. */
  drop(): void {
    this.#options.held.remove(this.#message?.held ?? 0);
    this.#message = undefined;
    this.#queue = [];
  }

  frameStart(head: FrameHead): void {
    this.#head = head;
    this.#phase = 0;
    if (head.opcode >= CLOSE) {
      this.#control = [];
      return;
    }
    const message = this.#messageOf(head);
    message.frames++;
    message.size += head.length;
    if (message.frames > FRAGMENT_COUNT) throw tooBig(`message has over ${FRAGMENT_COUNT} frames`);
    if (message.size > MESSAGE_BYTES) throw tooBig(`message is over ${MESSAGE_BYTES} bytes`);
    this.#keep(message, head.bytes, true);
    if (message.streams && head.length === 0) this.#release(this.#options.judge.safe);
  }

  framePayload(raw: Buffer): void {
    const head = this.#head;
    if (!head) return;
    const text = head.key ? masked(raw, head.key, this.#phase) : raw;
    this.#phase += raw.length;
    const message = this.#message;
    if (head.opcode >= CLOSE || !message) {
      this.#control.push(raw);
      return;
    }
    const { judge, copy } = this.#options;
    if (!message.compressed) {
      this.#text += text.length;
      if (message.opcode === TEXT && !this.#utf8.write(text)) throw notUtf8();
      judge.write(text);
      copy?.(text);
    }
    if (!message.streams) message.payload.push(text);
    this.#keep(message, raw, false);
    const most = message.compressed || judge.rewrites ? HELD_MESSAGE_BYTES : WHOLE_BYTES;
    if (message.streams || message.held <= most) return;
    if (message.compressed) throw tooBig(`compressed message is over ${HELD_MESSAGE_BYTES} bytes`);
    this.#stream(message);
  }

  frameEnd(): void {
    const head = this.#head;
    if (!head) return;
    if (head.opcode >= CLOSE) this.#controlEnd(head);
    else if (head.fin && this.#message) this.#messageEnd(this.#message);
  }

  #messageOf(head: FrameHead): Message {
    const current = this.#message;
    if (head.opcode === CONTINUATION) {
      if (!current) throw malformed("frame continues no message");
      return current;
    }
    if (current) throw malformed("message begins inside another");
    const { judge } = this.#options;
    const message: Message = {
      opcode: head.opcode,
      compressed: head.compressed,
      frames: 0,
      size: 0,
      held: 0,
      streams: !judge.reads,
      payload: [],
    };
    this.#message = message;
    judge.begin(head.opcode !== BINARY);
    return message;
  }

  #keep(message: Message, bytes: Buffer, begins: boolean): void {
    this.#queue.push({ bytes, end: this.#text, begins, control: false });
    const bytesHeld = bytes.length + PIECE_BYTES;
    this.#options.held.add(bytesHeld);
    message.held += bytesHeld;
  }

  #stream(message: Message): void {
    const { judge } = this.#options;
    message.streams = true;
    message.payload = [];
    judge.stream();
    this.#release(judge.safe);
  }

  /** Hands on what ends at or before `safe` bytes of text, and of what goes on beyond, the bytes before. */
  #release(safe: number): void {
    const { judge, write } = this.#options;
    const upTo = judge.reads ? safe : Number.POSITIVE_INFINITY;
    let gone = 0;
    let count = 0;
    for (const piece of this.#queue) {
      const { bytes, end, begins } = piece;
      const cut = begins
        ? end <= upTo
          ? bytes.length
          : 0
        : Math.max(0, bytes.length - Math.max(0, end - upTo));
      if (cut === 0) break;
      write(cut === bytes.length ? bytes : bytes.subarray(0, cut));
      if (piece.control) this.#waitingControls--;
      else gone += cut === bytes.length ? cut + PIECE_BYTES : cut;
      if (cut < bytes.length) {
        piece.bytes = bytes.subarray(cut);
        break;
      }
      count++;
    }
    this.#queue.splice(0, count);
    const message = this.#message;
    if (!message || gone === 0) return;
    message.held -= gone;
    this.#options.held.remove(gone);
  }

  #messageEnd(message: Message): void {
    const { judge, coding, copy } = this.#options;
    if (message.opcode === TEXT && !message.compressed && !this.#utf8.end()) throw notUtf8();
    if (message.streams) {
      copy?.(NEW_LINE);
      if (judge.reads) judge.end(undefined);
      this.#messageGoes(message);
      return;
    }
    let text: Buffer = Buffer.concat(message.payload);
    if (message.compressed && coding) {
      text = coding.inflate(text);
      if (message.opcode === TEXT && !(this.#utf8.write(text) && this.#utf8.end())) throw notUtf8();
      this.#text += text.length;
      judge.write(text);
      copy?.(text);
    }
    copy?.(NEW_LINE);
    const instead = judge.end(text);
    if (instead === undefined && !(message.compressed && coding?.diverged)) {
      this.#messageGoes(message);
      return;
    }
    this.drop();
    const coded = message.compressed ? coding?.deflate(instead ?? text) : undefined;
    const key = this.#options.masked ? randomBytes(4) : undefined;
    const frame = encodeFrame(message.opcode, coded ?? instead ?? text, {
      key,
      compressed: coded !== undefined,
    });
    this.#options.write(frame);
    this.messages++;
  }

  #messageGoes(message: Message): void {
    this.#release(Number.POSITIVE_INFINITY);
    this.#options.held.remove(message.held);
    this.#message = undefined;
    this.messages++;
  }

  #controlEnd(head: FrameHead): void {
    const { judge, write, closed } = this.#options;
    const raw = Buffer.concat(this.#control);
    const payload = head.key ? masked(raw, head.key, 0) : raw;
    if (head.opcode === CLOSE) checkClose(payload);
    judge.control(payload, SURFACES.get(head.opcode) ?? "pong");
    const bytes = Buffer.concat([head.bytes, raw]);
    const message = this.#message;
    if (message?.streams) {
      // It stands between two frames of a message of which some has gone: behind what is left of the first.
      if (++this.#waitingControls > CONTROL_COUNT)
        throw malformed("has too many pings at once", POLICY_VIOLATION);
      this.#queue.push({ bytes, end: this.#text, begins: true, control: true });
      if (head.opcode === CLOSE && judge.reads) judge.end(undefined);
      this.#release(head.opcode === CLOSE ? Number.POSITIVE_INFINITY : judge.safe);
    } else write(bytes);
    if (head.opcode !== CLOSE) return;
    this.drop();
    this.#reader.stop();
    this.closed = true;
    closed();
  }
}

function notUtf8(): Error {
  return malformed("text message is not UTF-8", INVALID_PAYLOAD);
}
