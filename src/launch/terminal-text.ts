import { StringDecoder } from "node:string_decoder";
import { printable } from "../base/printable.ts";

/** Characters of one control sequence's parameters; a longer sequence is dropped. */
const MAX_PARAMETERS = 64;

type State = "text" | "escape" | "sequence" | "string" | "string-escape";

/**
 * What an agent prints, made harmless for a terminal that is not the agent's own (headless, or with a piped stdin): text,
 * line feeds, tabs, returns, colours (SGR) and erasing in a line stay. All else of ECMA-48 goes: questions, whose answer
 * the terminal would type into the operator's shell; titles, clipboard, modes, cursor moves.
 */
export class TerminalText {
  readonly #decoder = new StringDecoder("utf8");
  #state: State = "text";
  #parameters = "";
  #coloured = false;

  write(chunk: Buffer): string {
    return this.#filter(this.#decoder.write(chunk));
  }

  /** What is still held back, and colours off. */
  end(): string {
    return this.#filter(this.#decoder.end()) + (this.#coloured ? "\u001b[0m" : "");
  }

  #filter(text: string): string {
    let out = "";
    for (const char of text) out += this.#next(char);
    return out;
  }

  #next(char: string): string {
    const code = char.codePointAt(0) ?? 0;
    // cancel and substitute end any sequence, as does the beginning of another
    if (code === 0x18 || code === 0x1a) return this.#to("text");
    switch (this.#state) {
      case "text":
        return this.#text(char, code);
      case "escape":
        return this.#escape(char, code);
      case "sequence":
        return this.#sequence(char, code);
      case "string":
        if (code === 0x07 || code === 0x9c) return this.#to("text");
        return code === 0x1b ? this.#to("string-escape") : "";
      case "string-escape":
        // ST ends the string; any other escape ends it too and begins something of its own
        return char === "\\" ? this.#to("text") : this.#escape(char, code);
    }
  }

  #text(char: string, code: number): string {
    if (char === "\n" || char === "\r" || char === "\t") return char;
    if (code === 0x1b) return this.#to("escape");
    if (code === 0x9b) return this.#to("sequence");
    if (code === 0x90 || code === 0x98 || (code >= 0x9d && code <= 0x9f)) return this.#to("string");
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return "";
    return printable(char);
  }

  #escape(char: string, code: number): string {
    if (char === "[") return this.#to("sequence");
    if ("P]X^_".includes(char)) return this.#to("string");
    if (code === 0x1b) return this.#to("escape");
    // intermediate bytes (character sets): one more follows
    return code >= 0x20 && code <= 0x2f ? this.#to("escape") : this.#to("text");
  }

  #sequence(char: string, code: number): string {
    if (code === 0x1b) return this.#to("escape");
    if (code >= 0x20 && code <= 0x3f) {
      this.#parameters += char;
      // too long to be one that stays; its end is still waited for
      this.#parameters = this.#parameters.slice(0, MAX_PARAMETERS);
      return "";
    }
    if (code < 0x40 || code > 0x7e) return "";
    const parameters = this.#parameters;
    this.#to("text");
    if (
      (char !== "m" && char !== "K") ||
      !/^[0-9;:]*$/.test(parameters) ||
      parameters.length === MAX_PARAMETERS
    ) {
      return "";
    }
    this.#coloured ||= char === "m";
    return `\u001b[${parameters}${char}`;
  }

  #to(state: State): string {
    this.#state = state;
    this.#parameters = "";
    return "";
  }
}
