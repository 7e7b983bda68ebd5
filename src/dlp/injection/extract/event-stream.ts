import { SLICE_BYTES } from "../limits.ts";
import { type Extractor, type Outlet, Piece } from "./extractor.ts";
import { JsonStrings } from "./json-strings.ts";

const FIELD_BYTES = 16;

/**
 * Server-Sent Events (HTML Living Standard §9.2.6): the data of events, as JSON when it begins like JSON, else as plain
 * text that goes on from event to event. Other fields and comments stand beside it.
 */
export class EventStream implements Extractor {
  readonly #json = new JsonStrings();
  readonly #aside = new Piece(SLICE_BYTES + 64);
  /** name of the field of this line while it is read; undefined: its value is */
  #field: string | undefined = "";
  #lineEmpty = true;
  #data = false;
  #valueBegun = false;
  /** how the data of this event is read; undefined: none has come */
  #asJson: boolean | undefined;
  #afterReturn = false;

  write(slice: Buffer, outlet: Outlet): void {
    for (let i = 0; i < slice.length; ) {
      const byte = slice[i] as number;
      if (byte === 0x0a && this.#afterReturn) {
        this.#afterReturn = false;
        i++;
      } else if (byte === 0x0a || byte === 0x0d) {
        this.#afterReturn = byte === 0x0d;
        this.#lineEnd(outlet);
        i++;
      } else {
        this.#afterReturn = false;
        this.#lineEmpty = false;
        i = this.#field !== undefined ? this.#fieldByte(slice, i) : this.#value(slice, i, outlet);
      }
    }
    this.#aside.flush("aside", outlet);
  }

  boundary(): void {
    this.#json.boundary();
    this.#asJson = undefined;
  }

  end(outlet: Outlet): void {
    this.#aside.text(this.#field ?? "");
    this.#aside.flush("aside", outlet);
  }

  #fieldByte(slice: Buffer, at: number): number {
    const byte = slice[at] as number;
    if (byte === 0x3a || (this.#field?.length ?? 0) >= FIELD_BYTES) {
      this.#data = byte === 0x3a && this.#field === "data";
      if (!this.#data) this.#aside.text(this.#field ?? "");
      this.#field = undefined;
      this.#valueBegun = false;
      return byte === 0x3a ? at + 1 : at;
    }
    this.#field += String.fromCharCode(byte);
    return at + 1;
  }

  #value(slice: Buffer, from: number, outlet: Outlet): number {
    let at = from;
    if (!this.#valueBegun && slice[at] === 0x20) at++;
    this.#valueBegun = true;
    let to = at;
    while (to < slice.length && slice[to] !== 0x0a && slice[to] !== 0x0d) to++;
    if (to === at) return to;
    if (!this.#data) this.#aside.copy(slice, at, to);
    else {
      this.#asJson ??= slice[at] === 0x7b || slice[at] === 0x5b;
      if (this.#asJson) this.#json.write(slice.subarray(at, to), outlet);
      else outlet("visible", slice.subarray(at, to));
    }
    return to;
  }

  #lineEnd(outlet: Outlet): void {
    if (this.#lineEmpty) this.boundary();
    else if (!this.#data || this.#field !== undefined) {
      this.#aside.text(this.#field ?? "");
      this.#aside.push(0x1e);
    } else if (this.#asJson === true) this.#json.write(NEWLINE, outlet);
    this.#lineEmpty = true;
    this.#field = "";
    this.#data = false;
  }
}

const NEWLINE = Buffer.from("\n");
