import { randomBytes } from "node:crypto";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { INVALID_PAYLOAD, malformed, tooBig } from "./fault.ts";
import { INFLATED_FREE_BYTES, INFLATED_MESSAGE_BYTES, INFLATED_RATIO } from "./limits.ts";

const EMPTY = Buffer.alloc(0);
/** The empty stored block that a sender leaves out (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NONCE_BYTES = 16;
/** A last stored block of `NONCE_BYTES`. */
const LAST_BLOCK = Buffer.from([0x01, NONCE_BYTES, 0x00, 0xff - NONCE_BYTES, 0xff]);
const TAIL_AND_HEAD = Buffer.concat([TAIL, LAST_BLOCK]);
/** RFC 7692 §7.2.3.6 */
const EMPTY_MESSAGE = Buffer.from([0x00]);
/** zlib can't write raw deflate for a window of 256 bytes. */
const MIN_DEFLATE_BITS = 9;

/**
 * permessage-deflate in one direction (RFC 7692). A window is the text that a compressor may refer back to: the
 * sender's, and the receiver's, which is another one from the first message on that did not go as it came.
 */
export class MessageCoding {
  readonly #bits: number;
  readonly #takeover: boolean;
  #sender: Buffer = EMPTY;
  /** the sender's window before its last message */
  #before: Buffer = EMPTY;
  #receiver: Buffer = EMPTY;
  #diverged = false;
  #lost = false;

  /** `bits`: logarithm of the window. `takeover`: a message may refer back to those before. */
  constructor(bits: number, takeover: boolean) {
    this.#bits = bits;
    this.#takeover = takeover;
  }

  /** The receiver can't read any more what the sender compresses: every message goes through `deflate`. */
  get diverged(): boolean {
    return this.#diverged;
  }

  /** No message can be read any more: one went unread that those behind it may refer back to. */
  get lost(): boolean {
    return this.#lost;
  }

  /** A message goes unread. */
  lose(): void {
    this.#lost = this.#takeover;
  }

  /** The text of a message. Throws WebSocketFault for what is no deflate stream, and for a bomb. */
  inflate(payload: Buffer): Buffer {
    const text = inflate(payload, this.#sender, this.#bits);
    if (this.#takeover) {
      this.#before = this.#sender;
      this.#sender = advance(this.#sender, text, this.#bits);
    }
    return text;
  }

  /**
   * Compresses what goes instead of the message that was inflated last. Undefined: it has to go uncompressed, which a
   * receiver takes too (RFC 7692 §6).
   */
  deflate(text: Buffer): Buffer | undefined {
    if (this.#takeover && !this.#diverged) {
      this.#diverged = true;
      this.#receiver = this.#before;
    }
    if (this.#bits < MIN_DEFLATE_BITS) return undefined;
    const coded = deflateRawSync(text, {
      windowBits: this.#bits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#receiver.length > 0 ? { dictionary: this.#receiver } : {}),
    });
    if (this.#takeover) this.#receiver = advance(this.#receiver, text, this.#bits);
    return text.length === 0 ? EMPTY_MESSAGE : coded.subarray(0, coded.length - TAIL.length);
  }
}

/**
 * A message must end where its last block does: to a receiver that keeps its state, what follows a message that ends
 * inside a block would mean something else than to a reader that begins anew. So a last block of random bytes is put
 * behind it, and has to come out: whole, behind all that was there, and not as part of a longer stored block.
 */
function inflate(payload: Buffer, window: Buffer, bits: number): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const input = Buffer.concat([payload, TAIL, LAST_BLOCK, nonce]);
  const limit = Math.min(
    INFLATED_MESSAGE_BYTES,
    Math.max(INFLATED_FREE_BYTES, payload.length * INFLATED_RATIO),
  );
  let output: Buffer;
  try {
    output = inflateRawSync(input, {
      windowBits: bits,
      maxOutputLength: limit + NONCE_BYTES,
      ...(window.length > 0 ? { dictionary: window } : {}),
    });
  } catch (error) {
    if (error instanceof RangeError) throw tooBig("message becomes too large when it is inflated");
    throw malformed("message is not compressed as it says", INVALID_PAYLOAD);
  }
  const end = output.length - NONCE_BYTES;
  const whole =
    end >= 0 &&
    output.subarray(end).equals(nonce) &&
    !output.subarray(Math.max(0, end - TAIL_AND_HEAD.length), end).equals(TAIL_AND_HEAD);
  if (!whole) throw malformed("message ends inside a compressed block", INVALID_PAYLOAD);
  return output.subarray(0, end);
}

/** The last bytes of `text` behind `window`. */
function advance(window: Buffer, text: Buffer, bits: number): Buffer {
  const size = 1 << bits;
  if (text.length >= size) return Buffer.from(text.subarray(text.length - size));
  const kept = window.subarray(Math.max(0, window.length + text.length - size));
  return Buffer.concat([kept, text]);
}
