import { inspect } from "node:util";

/**
 * A credential. It prints as `[secret NAME]` wherever it lands (string, JSON, console, error text);
 * the value leaves only through `reveal`, which each plane calls in exactly one place.
 */
export class Secret {
  readonly name: string;
  readonly #value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  /** The value itself. Search for this name to see every place where a credential is used. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
