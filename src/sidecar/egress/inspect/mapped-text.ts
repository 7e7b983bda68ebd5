import type { Finding } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import { SourceMap } from "./source-map.ts";

/** A text put together from pieces of a body, which is searched. */
export class MappedText {
  readonly #scanner: Scanner;
  readonly #map = new SourceMap();
  #apart = true;

  /** `found`: with the place in the body, where there is one place. */
  constructor(
    scanner: (found: (finding: Finding) => void) => Scanner,
    found: (finding: Finding, place: { readonly start: number; readonly end: number } | undefined) => void,
  ) {
    this.#scanner = scanner((finding) => found(finding, this.#map.place(finding.start, finding.end)));
  }

  /** `at`: where it stands in the body; not `exact`: encoded. */
  write(bytes: Buffer, at: number, exact: boolean): void {
    this.#map.add(bytes.length, at, exact, this.#apart);
    this.#apart = false;
    this.#scanner.write(bytes);
  }

  /** What follows is something else: no edit goes over from one to the other. */
  part(): void {
    this.#apart = true;
  }

  settle(): void {
    this.#scanner.settle();
  }

  boundary(): void {
    this.#scanner.boundary();
  }

  /** Bytes of the body before which nothing is open. */
  get safe(): number {
    return this.#map.settled(this.#scanner.safe);
  }
}
