import type { Finding } from "../../../dlp/finding.ts";
import type { BodyFault } from "./body-fault.ts";

/** Where an inspected body goes: the exchange. */
export interface BodyOutlet {
  /** the next bytes that may go */
  release(bytes: Buffer): void;
  /** what was released meanwhile goes: it was no read that released it */
  push(): void;
  /** all of it has gone, and it was whole */
  released(): void;
  /** it must not go; `why`: a sentence on why it was not taken out, where it should have been */
  refuse(finding: Finding, why?: string): void;
  /** it was taken out */
  redacted(finding: Finding): void;
  /** bytes of its text, of the first few thousand */
  beginning(bytes: Buffer): void;
  /** it can't be inspected. True: it may pass all the same, and what is held and follows goes as it is */
  fault(fault: BodyFault): boolean;
  /** there is room for more, after `roomy` was false */
  room(): void;
}

/** A request body on its way out. */
export interface OutgoingText {
  write(bytes: Buffer): void;
  end(): void;
  /** False: stop reading until `room`. */
  roomy(): boolean;
  /** Nothing came for a while. True: it waits on, and is to be told again. */
  settle(): boolean;
  readonly holds: boolean;
  close(): void;
}
