import { ANY, type ByteSet, byteSet, caseless, NOT_NEWLINE } from "./bytes.ts";
import { classEscape, readClass, readEscape } from "./class-syntax.ts";
import { NotSimple } from "./not-simple.ts";

/** What a regular expression of RE2's syntax says, as far as it is about single bytes. */
export type Node =
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "start" | "end" | "boundary" }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number }
  | { readonly kind: "group"; readonly index: number; readonly part: Node };

interface Flags {
  caseless: boolean;
  dotAll: boolean;
}

/** Nesting of groups that is followed; deeper is left to RE2. */
const MAX_DEPTH = 16;
/** What `*` and `+` may take, as a number. */
const UNBOUNDED = 1 << 30;

/** Throws `NotSimple` for what is no byte regex of this syntax: back references, look-around, Unicode classes, `(?m)`. */
export function parseShape(regex: string): Node {
  const reader = new Reader(regex);
  const node = reader.choice({ caseless: false, dotAll: false }, 0);
  if (!reader.done) throw new NotSimple("unbalanced");
  return node;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #groups = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  choice(flags: Flags, depth: number): Node {
    if (depth > MAX_DEPTH) throw new NotSimple("deep");
    // a flag set inside the group holds until its end, over its alternatives too
    const own = { ...flags };
    const options: Node[] = [this.#sequence(own, depth)];
    while (this.#take("|")) options.push(this.#sequence(own, depth));
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: "choice", options };
  }

  #sequence(flags: Flags, depth: number): Node {
    const parts: Node[] = [];
    while (!this.done && this.#text[this.#at] !== "|" && this.#text[this.#at] !== ")") {
      const atom = this.#atom(flags, depth);
      if (atom !== undefined) parts.push(this.#repeated(atom));
    }
    return { kind: "sequence", parts };
  }

  #atom(flags: Flags, depth: number): Node | undefined {
    const char = this.#text[this.#at++] ?? "";
    if (char === "(") return this.#group(flags, depth);
    if (char === "^") return { kind: "start" };
    if (char === "$") return { kind: "end" };
    if (char === ".") return { kind: "set", set: flags.dotAll ? ANY : NOT_NEWLINE };
    if (char === "[") {
      const { set, next } = readClass(this.#text, this.#at, flags.caseless);
      this.#at = next;
      return { kind: "set", set };
    }
    if (char === "\\") return this.#escape(flags);
    if ("*+?".includes(char)) throw new NotSimple("nothing to repeat");
    return literal(char.charCodeAt(0), flags);
  }

  #escape(flags: Flags): Node {
    const char = this.#text[this.#at] ?? "";
    if (char === "b" || char === "A" || char === "z") {
      this.#at++;
      return { kind: char === "b" ? "boundary" : char === "A" ? "start" : "end" };
    }
    const set = classEscape(char);
    if (set !== undefined) {
      this.#at++;
      return { kind: "set", set };
    }
    const { byte, next } = readEscape(this.#text, this.#at);
    this.#at = next;
    return literal(byte, flags);
  }

  #group(flags: Flags, depth: number): Node | undefined {
    const flagged = /^\?(?<on>[is]*)(?:-(?<off>[is]+))?(?<end>[:)])/.exec(
      this.#text.slice(this.#at, this.#at + 12),
    );
    if (flagged !== null) {
      const { on = "", off = "", end } = flagged.groups ?? {};
      this.#at += flagged[0].length;
      const target = end === ")" ? flags : { ...flags };
      if (on.includes("i") || off.includes("i")) target.caseless = on.includes("i");
      if (on.includes("s") || off.includes("s")) target.dotAll = on.includes("s");
      return end === ")" ? undefined : this.#closed(this.choice(target, depth + 1));
    }
    const named = /^\?P?<[A-Za-z_]\w{0,60}>/.exec(this.#text.slice(this.#at, this.#at + 70));
    if (named !== null) this.#at += named[0].length;
    else if (this.#text[this.#at] === "?") throw new NotSimple("group kind");
    const index = ++this.#groups;
    return { kind: "group", index, part: this.#closed(this.choice(flags, depth + 1)) };
  }

  #closed(node: Node): Node {
    if (!this.#take(")")) throw new NotSimple("unbalanced");
    return node;
  }

  #repeated(atom: Node): Node {
    let min: number;
    let max: number;
    const counted = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (counted !== null) {
      this.#at += counted[0].length;
      min = Number(counted[1]);
      max = counted[2] === undefined ? min : counted[3] === "" ? UNBOUNDED : Number(counted[3]);
      if (max < min) throw new NotSimple("range");
    } else if (this.#take("*")) [min, max] = [0, UNBOUNDED];
    else if (this.#take("+")) [min, max] = [1, UNBOUNDED];
    else if (this.#take("?")) [min, max] = [0, 1];
    else return atom;
    // lazy or greedy is the same where only one way can match, which is all that the fast matcher takes
    this.#take("?");
    return { kind: "repeat", part: atom, min, max };
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

function literal(byte: number, flags: Flags): Node {
  if (!(byte <= 0x7f)) throw new NotSimple("not ASCII");
  const set = byteSet([byte, byte]);
  return { kind: "set", set: flags.caseless ? caseless(set) : set };
}
