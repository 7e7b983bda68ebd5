import { type Meaning, meaningInBody, plainName } from "./names.ts";

/** Reads the fields of a body as it comes, and has each judged. */
export interface FieldReader {
  write(bytes: Buffer): void;
  /** the body is whole */
  end(): void;
  /** a value is being compared: nothing may go until it is */
  readonly holds: boolean;
}

/**
 * Says which of a body's fields is a credential that the agent brought: by its name, and in a token request (one with a
 * `grant_type`, in whatever place) by the names of RFC 6749 §4, too. An empty value is none, and so is one that the route
 * allows.
 */
export class FieldJudge {
  /** whether there are values that may pass; else none has to be gathered */
  readonly compares: boolean;
  readonly #allowed: ReadonlySet<string>;
  readonly #found: (field: string) => void;
  #grant: boolean;
  /** of a grant, should this be one */
  #waiting: string | undefined;
  #name = "";
  #meaning: Meaning = "other";

  /** `grant`: the query makes it a token request. `allowed`: latin1. */
  constructor(grant: boolean, allowed: ReadonlySet<string>, found: (field: string) => void) {
    this.#grant = grant;
    this.#allowed = allowed;
    this.#found = found;
    this.compares = allowed.size > 0;
  }

  /** A field begins. True: its value is wanted. */
  name(name: string): boolean {
    this.#name = name;
    this.#meaning = meaningInBody(plainName(name));
    if (this.#meaning === "grant") {
      this.#grant = true;
      if (this.#waiting !== undefined) this.#found(this.#waiting);
    }
    return this.#meaning === "credential" || this.#meaning === "of a grant";
  }

  /** Its value, which isn't empty; undefined: not gathered, or too long to be an allowed one. Latin1 of UTF-8. */
  value(value: string | undefined): void {
    if (value !== undefined && this.#allowed.has(value)) return;
    if (this.#meaning === "credential" || this.#grant) this.#found(this.#name);
    else this.#waiting ??= this.#name;
  }
}
