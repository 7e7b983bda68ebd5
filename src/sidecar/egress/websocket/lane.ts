import { randomBytes } from "node:crypto";
import { INVALID_PAYLOAD, malformed, POLICY_VIOLATION, TOO_BIG, tooBig, WebSocketFault } from "./fault.ts";
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
import { CONTROL_COUNT, FRAGMENT_COUNT, HELD_MESSAGE_BYTES, MESSAGE_BYTES, WHOLE_BYTES } from "./limits.ts";
import type { MessageCoding } from "./message-coding.ts";
import { Utf8Check } from "./utf8.ts";
import { Waiting } from "./waiting.ts";

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
  /** hears why a message goes unread; undefined: one that is too large to be read is refused */
  readonly oversize: ((why: string) => void) | undefined;
}

interface Message {
  readonly opcode: number;
  readonly compressed: boolean;
  frames: number;
  size: number;
  /** what of it may go has gone, and the rest follows */
  streams: boolean;
  /** it goes as it comes */
  unread: boolean;
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
  readonly #waiting: Waiting;
  #text = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#waiting = new Waiting(options.held);
    this.#reader = new FrameReader(options.masked, options.coding !== undefined, this);
  }

  /** Whether a frame of our own may be put here. */
  get atBoundary(): boolean {
    if (!this.#message?.streams) return true;
    return this.#waiting.begins ?? !this.#reader.inPayload;
  }

  /** Throws WebSocketFault. */
  write(bytes: Buffer): void {
    if (this.closed) return;
    this.#reader.write(bytes);
    if (this.#message?.streams) this.#release(this.#options.judge.safe);
    this.#waiting.own();
  }

  /** Bytes of a message of which some has gone wait to be judged. */
  get holds(): boolean {
    return this.#message?.streams === true && !this.#waiting.empty;
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
    this.#waiting.drop();
    this.#message = undefined;
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
    this.#keep(message, head.bytes, "head");
  }

  framePayload(raw: Buffer): void {
    const head = this.#head;
    if (!head) return;
    const message = this.#message;
    if (head.opcode >= CLOSE || !message) {
      this.#control.push(raw);
      return;
    }
    if (!message.compressed && !message.unread) this.#read(message, head, raw);
    this.#phase += raw.length;
    this.#keep(message, raw, "payload");
    if (message.streams) return;
    const most = message.compressed || this.#options.judge.rewrites ? HELD_MESSAGE_BYTES : WHOLE_BYTES;
    if (this.#waiting.held <= most) return;
    if (message.compressed) {
      this.#exceeds(message, tooBig(`compressed message is over ${HELD_MESSAGE_BYTES} bytes`));
      return;
    }
    message.streams = true;
    this.#options.judge.stream();
    this.#release(this.#options.judge.safe);
  }

  #read(message: Message, head: FrameHead, raw: Buffer): void {
    const { judge, copy } = this.#options;
    const text = head.key ? masked(raw, head.key, this.#phase) : raw;
    this.#text += text.length;
    if (message.opcode === TEXT && !this.#utf8.write(text)) throw notUtf8();
    judge.write(text);
    copy?.(text);
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
    const { judge, coding } = this.#options;
    const { opcode, compressed } = head;
    const unread = !judge.reads || (compressed && coding?.lost === true);
    const message: Message = { opcode, compressed, frames: 0, size: 0, streams: unread, unread };
    this.#message = message;
    judge.begin(opcode !== BINARY);
    return message;
  }

  #keep(message: Message, bytes: Buffer, kind: "head" | "payload"): void {
    if (!this.#waiting.push(bytes, kind, this.#text))
      this.#exceeds(message, tooBig("message can't be held beside all others"));
  }

  /** Throws `fault`, or passes the message on unread. What can't be read to a receiver in step can't pass. */
  #exceeds(message: Message, fault: WebSocketFault): void {
    const { coding, oversize, judge } = this.#options;
    if (oversize === undefined || (message.compressed && coding?.diverged)) throw fault;
    if (!message.streams) judge.stream();
    if (message.compressed) coding?.lose();
    oversize(fault.message);
    message.streams = true;
    message.unread = true;
    this.#release(Number.POSITIVE_INFINITY);
  }

  #release(safe: number): void {
    this.#waiting.release(this.#message?.unread ? Number.POSITIVE_INFINITY : safe, this.#options.write);
  }

  #messageEnd(message: Message): void {
    const { judge, coding, copy } = this.#options;
    const whole = this.#utf8.end();
    if (message.opcode === TEXT && !message.compressed && !message.unread && !whole) throw notUtf8();
    if (message.streams) {
      copy?.(NEW_LINE);
      if (judge.reads) judge.end(undefined);
      this.#messageGoes();
      return;
    }
    let inflated: Buffer | undefined;
    if (message.compressed && coding) {
      inflated = this.#inflate(message, coding);
      if (inflated === undefined) {
        this.#messageGoes();
        return;
      }
      if (message.opcode === TEXT && !(this.#utf8.write(inflated) && this.#utf8.end())) throw notUtf8();
      this.#text += inflated.length;
      judge.write(inflated);
      copy?.(inflated);
    }
    copy?.(NEW_LINE);
    const text = (): Buffer => inflated ?? this.#waiting.payload(this.#options.masked);
    const instead = judge.end(text);
    if (instead === undefined && !(message.compressed && coding?.diverged)) {
      this.#messageGoes();
      return;
    }
    const goes = instead ?? text();
    this.drop();
    const coded = message.compressed ? coding?.deflate(goes) : undefined;
    const key = this.#options.masked ? randomBytes(4) : undefined;
    const frame = encodeFrame(message.opcode, coded ?? goes, {
      key,
      compressed: coded !== undefined,
    });
    this.#options.write(frame);
    this.messages++;
  }

  /** Its text; undefined: it goes unread. */
  #inflate(message: Message, coding: MessageCoding): Buffer | undefined {
    try {
      return coding.inflate(this.#waiting.payload(this.#options.masked));
    } catch (error) {
      if (!(error instanceof WebSocketFault) || error.closeCode !== TOO_BIG) throw error;
      this.#exceeds(message, error);
      return undefined;
    }
  }

  #messageGoes(): void {
    this.#waiting.release(Number.POSITIVE_INFINITY, this.#options.write);
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
      if (this.#waiting.controls === CONTROL_COUNT)
        throw malformed("has too many pings at once", POLICY_VIOLATION);
      this.#waiting.push(bytes, "control", this.#text);
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
