/** Reads the messages of one direction. Every method but the getters may throw WebSocketFault: then it goes no further. */
export interface MessageJudge {
  /** false: nothing is looked for, messages pass as they come */
  readonly reads: boolean;
  /** whether a message is held whole as long as it may be, because it may be rewritten */
  readonly rewrites: boolean;
  /** bytes of text, of all messages together, that may go */
  readonly safe: number;
  /** A message begins. */
  begin(text: boolean): void;
  /** Some of the message goes before its end: from now on what is found can't be rewritten. */
  stream(): void;
  write(text: Buffer): void;
  /** Nothing came for a while: what only might become a find may go, and is remembered. */
  settle(): void;
  /** The message is complete; `text` gives it whole, where it was held. Returns what goes in its place. */
  end(text: (() => Buffer) | undefined): Buffer | undefined;
  /** `surface`: which frame's payload it is */
  control(payload: Buffer, surface: string): void;
}
