import type { Transform } from "node:stream";
import { type BodyFault, tooLarge, unreadable } from "./body-fault.ts";
import { type Coding, createDecoder, isZlib } from "./content-codings.ts";
import { DECODED_BYTES, DECODED_FREE_BYTES, DECODED_RATIO } from "./limits.ts";

export interface DecoderSink {
  /** the next decoded bytes, in order */
  decoded(bytes: Buffer): void;
  /** nothing follows; nothing is asked of the decoder any more either */
  failed(fault: BodyFault): void;
}

/**
 * Undoes the codings of one body as it comes, in the thread pool. One piece is in it at a time, so that memory stays
 * flat whatever it decodes to: `done` of a piece is called when all that it gives is with the sink.
 */
export class ContentDecoder {
  readonly #stages: readonly Stage[];
  #closed = false;

  /** `codings`: at least one, in the order in which they were applied. */
  constructor(codings: readonly Coding[], sink: DecoderSink) {
    const fail = (fault: BodyFault): void => {
      if (this.#closed) return;
      this.close();
      sink.failed(fault);
    };
    const stages: Stage[] = [];
    let next: Next = {
      write(bytes, done) {
        sink.decoded(bytes);
        done();
      },
      end: (done) => done(),
    };
    for (const coding of codings) {
      const stage = new Stage(coding, next, fail);
      stages.push(stage);
      next = stage;
    }
    this.#stages = stages;
  }

  /** Not before `done` of the piece before. */
  write(bytes: Buffer, done: () => void): void {
    if (!this.#closed) this.#stages.at(-1)?.write(bytes, done);
  }

  /** The body is complete: `done` when it was whole and valid. */
  end(done: () => void): void {
    if (!this.#closed) this.#stages.at(-1)?.end(done);
  }

  /** Gives up; nothing is called any more. */
  close(): void {
    this.#closed = true;
    for (const stage of this.#stages) stage.close();
  }
}

interface Next {
  write(bytes: Buffer, done: () => void): void;
  end(done: () => void): void;
}

/** One coding. */
class Stage implements Next {
  readonly #coding: Coding;
  readonly #next: Next;
  readonly #fail: (fault: BodyFault) => void;
  #decoder: (Transform & { readonly bytesWritten: number }) | undefined;
  /** the first byte of a `deflate` body, which doesn't say yet whether it is zlib's format */
  #first: Buffer | undefined;
  #given = 0;
  #made = 0;
  /** pieces that the next stage still works on */
  #busy = 0;
  /** waits for all that the last piece gives */
  #done: (() => void) | undefined;
  #consumed = false;
  #ending: (() => void) | undefined;

  constructor(coding: Coding, next: Next, fail: (fault: BodyFault) => void) {
    this.#coding = coding;
    this.#next = next;
    this.#fail = fail;
  }

  write(bytes: Buffer, done: () => void): void {
    let piece = this.#first ? Buffer.concat([this.#first, bytes]) : bytes;
    if (piece.length === 0) {
      done();
      return;
    }
    if (!this.#decoder && this.#coding === "deflate" && piece.length < 2) {
      this.#first = Buffer.from(piece);
      done();
      return;
    }
    this.#first = undefined;
    this.#given += piece.length;
    this.#done = done;
    this.#consumed = false;
    this.#start(piece).write(piece, () => {
      piece = EMPTY;
      this.#consumed = true;
      this.#settle();
    });
  }

  end(done: () => void): void {
    if (this.#first) {
      this.#fail(unreadable("ends inside its content coding"));
      return;
    }
    // RFC 9110 §8.4: a body of no bytes has no coding either; senders of empty bodies say it none the less.
    if (!this.#decoder) {
      this.#next.end(done);
      return;
    }
    this.#ending = done;
    this.#decoder.end();
  }

  close(): void {
    this.#decoder?.destroy();
  }

  #start(bytes: Buffer): Transform & { readonly bytesWritten: number } {
    if (this.#decoder) return this.#decoder;
    const raw = this.#coding === "deflate" && !isZlib(bytes);
    const decoder = createDecoder(raw ? "deflate-raw" : this.#coding);
    this.#decoder = decoder;
    decoder.on("data", (made: Buffer) => {
      this.#made += made.length;
      if (
        this.#made > DECODED_BYTES ||
        (this.#made > DECODED_FREE_BYTES && this.#made > this.#given * DECODED_RATIO)
      ) {
        this.#fail(tooLarge("becomes too large when its coding is undone"));
        return;
      }
      this.#busy++;
      this.#next.write(made, () => {
        this.#busy--;
        if (decoder.isPaused()) decoder.resume();
        this.#settle();
      });
      if (this.#busy > 0) decoder.pause();
    });
    decoder.on("error", () =>
      this.#fail(unreadable(`is not the ${this.#coding === "br" ? "brotli" : this.#coding} it says it is`)),
    );
    decoder.on("end", () => {
      const whole = this.#ending !== undefined && decoder.bytesWritten === this.#given;
      if (!whole) this.#fail(unreadable("goes on behind the end of its content coding"));
      else if (this.#ending) this.#next.end(this.#ending);
    });
    return decoder;
  }

  #settle(): void {
    if (!this.#consumed || this.#busy > 0 || (this.#decoder?.readableLength ?? 0) > 0) return;
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

const EMPTY = Buffer.alloc(0);
