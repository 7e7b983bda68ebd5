import { SLICE_BYTES, sieve } from "../simd/sieve.ts";
import { encodedIn } from "./encoded-in.ts";
import { EncodedRuns } from "./encoded-runs.ts";
import { PAIRS, SPELLINGS } from "./leads.ts";
import { SparseRuns } from "./sparse-runs.ts";
import { mayHoldCompressed } from "./telling.ts";
import { undone } from "./undone.ts";
import { isUnreadable } from "./unreadable-formats.ts";

/** Bytes that are decoded; a text in which more is encoded is read as all others are. */
const ROOM_BYTES = 4096;
/** Stands between what two of them say: it is no text, and no part of anything encoded. */
const BETWEEN = 0xff;
const NOTHING = Buffer.alloc(0);

/** Decodes what is encoded in short texts, so that one look tells of each whether anything is in it: most say nothing. */
export class EncodedTexts {
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #length = 0;
  #untold = false;
  readonly #runs = new EncodedRuns(
    ({ decoded }) => {
      this.#add(decoded, decoded.length, true);
      return false;
    },
    (said, length) => this.#add(said, length, false),
  );
  readonly #sparse = new SparseRuns(({ decoded }) => this.#add(decoded, decoded.length, true));

  /**
   * What all that is encoded in a whole text says, one behind the other, until the next call; it may be more than is
   * read there. Undefined: that can't be told here, for something may be compressed, or too much is encoded.
   */
  in(text: Buffer): Buffer | undefined {
    if (text.length > SLICE_BYTES) return encodedIn(text) === undefined ? NOTHING : undefined;
    if (isUnreadable(text)) return undefined;
    const sieved = sieve(text);
    if (sieved.magics.length > 0) return undefined;
    this.#length = 0;
    this.#untold = false;
    if (sieved.leads.length > 0) this.#undo(text, sieved.leads);
    this.#runs.write(text, true, sieved.runs);
    this.#sparse.write(text, true, sieved);
    return this.#untold ? undefined : this.#room.subarray(0, this.#length);
  }

  #undo(text: Buffer, leads: Uint16Array): void {
    this.#untold = text.length > ROOM_BYTES;
    if (this.#untold) return;
    let bits = 0;
    for (let k = 0; k < leads.length; k++) {
      const i = leads[k] as number;
      bits |= PAIRS[((text[i] as number) << 8) | (text[i + 1] as number)] as number;
    }
    for (const spelling of SPELLINGS) {
      if ((bits & spelling.bit) === 0 || this.#untold) continue;
      const said = undone(text, spelling);
      if (said !== undefined) this.#add(said, said.length, isUnreadable(said));
    }
  }

  /** `anything`: it may be compressed, or no text at all. */
  #add(said: Buffer, length: number, anything: boolean): void {
    this.#untold ||= this.#length + length >= ROOM_BYTES || (anything && mayHoldCompressed(said));
    if (this.#untold) return;
    said.copy(this.#room, this.#length, 0, length);
    this.#length += length;
    this.#room[this.#length++] = BETWEEN;
  }
}
