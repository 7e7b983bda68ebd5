import type { TextReader } from "./respelled.ts";

/** What members of a text share. */
export interface MemberOutlet {
  /** The reader of what is inflated. `start`: where the compressed data begin. */
  reader(format: string, start: number): TextReader;
  /** so many bytes were inflated. False: too many by now */
  inflated(count: number): boolean;
  /** it can't be read; `tooLarge`: it would become more than is read */
  unreadable(what: string, tooLarge: boolean): void;
}

/** Compressed data in a text. */
export interface Member {
  /** it has ended, or was none */
  readonly over: boolean;
  /** Text offset of the first byte that may not go yet; infinite when all may. */
  readonly open: number;
  /** `bytes` from `from` on; they begin at `base` of the text. */
  write(bytes: Buffer, from: number, base: number): void;
  settle(): void;
  boundary(): void;
  /** the text ends here */
  end(): void;
}
