import type { HeaderList } from "../../../policy/facts.ts";
import { LOG_BODY_BYTES } from "../limits.ts";

const FIRST_BYTES = 1024;

/** One message as it passes by: its fields, and the beginning of its body, copied. Nothing here is masked yet. */
export class Capture {
  fields: HeaderList;
  trailers: HeaderList = [];
  /** the body came to its end */
  complete = false;
  /** bytes of the body that passed by */
  total = 0;
  #copy = Buffer.alloc(0);
  #length = 0;

  constructor(fields: HeaderList) {
    this.fields = fields;
  }

  /** At most `LOG_BODY_BYTES` of it. */
  get body(): Buffer {
    return this.#copy.subarray(0, this.#length);
  }

  /** Copies: a slice would keep the buffer of a whole read for each byte that comes alone. */
  data(bytes: Buffer): void {
    this.total += bytes.length;
    const taken = Math.min(bytes.length, LOG_BODY_BYTES - this.#length);
    if (taken === 0) return;
    const length = this.#length + taken;
    if (length > this.#copy.length) {
      const grown = Buffer.alloc(Math.min(LOG_BODY_BYTES, Math.max(FIRST_BYTES, length * 2)));
      this.body.copy(grown);
      this.#copy = grown;
    }
    bytes.copy(this.#copy, this.#length, 0, taken);
    this.#length = length;
  }

  end(trailers: HeaderList): void {
    this.trailers = trailers;
    this.complete = true;
  }
}
