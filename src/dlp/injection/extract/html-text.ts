import { SLICE_BYTES, STYLE_BYTES, TAG_BYTES } from "../limits.ts";
import { unreference } from "../markup.ts";
import { type Channel, type Extractor, type Outlet, Piece } from "./extractor.ts";
import { HiddenElements, readTag, type Tag } from "./hidden-elements.ts";

type State = "text" | "tag" | "comment" | "reference" | "raw";

const LESS = 0x3c;
const GREATER = 0x3e;
const AMPERSAND = 0x26;
const BACKTICK = 0x60;
const REFERENCE_BYTES = 12;

const words = (list: string) => new Set(list.split(" "));
const VOID = words("area base br col embed hr img input link meta param source track wbr");
const BLOCK = words(
  "address article aside blockquote body br button caption dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav ol optgroup option p pre section select summary table tbody td tfoot th thead title tr ul",
);
const CODE = words("code pre kbd samp");
const SPOKEN = words("q blockquote");
const RAW = words("script style");
/** Attributes whose value is no text. */
const NO_TEXT = words(
  "class id style href src srcset rel lang type name width height viewbox d fill points transform charset role method action target media sizes integrity crossorigin xmlns for property http-equiv",
);
/** Values with fewer characters say nothing. */
const LEAST_VALUE = 12;

/**
 * A page's text: what is shown goes to `visible`, with its code and quotations marked as Markdown marks them; comments,
 * hidden elements and the values of attributes go to `hidden`; scripts to `aside`. A text in Markdown is read the same
 * way but inside its fences and code, where a tag is only an example.
 */
export class HtmlText implements Extractor {
  readonly #markdown: boolean;
  readonly #elements = new HiddenElements();
  readonly #pieces: Readonly<Record<Channel, Piece>> = {
    visible: new Piece(SLICE_BYTES + 64),
    hidden: new Piece(SLICE_BYTES + 64),
    aside: new Piece(256),
  };
  #state: State = "text";
  /** a tag, reference or end of a raw element that is not complete yet, its bytes as characters */
  #held = "";
  #quote = 0;
  /** how deep inside the hidden element `#hiddenName` */
  #hiddenDepth = 0;
  #hiddenName = "";
  #rawName = "";
  #style = "";
  #dashes = 0;
  #backticks = 0;
  #fenced = false;

  constructor(markdown: boolean) {
    this.#markdown = markdown;
  }

  write(slice: Buffer, outlet: Outlet): void {
    for (let i = 0; i < slice.length; ) i = this.#step(slice, i);
    for (const channel of ["visible", "hidden", "aside"] as const)
      this.#pieces[channel].flush(channel, outlet);
  }

  boundary(): void {
    // a page that goes on in the next message stays one page
  }

  end(outlet: Outlet): void {
    if (this.#state === "tag") this.#text().text(`<${Buffer.from(this.#held, "latin1").toString("utf8")}`);
    else if (this.#state === "reference") this.#text().text(unreference(`&${this.#held}`));
    this.#state = "text";
    for (const channel of ["visible", "hidden", "aside"] as const)
      this.#pieces[channel].flush(channel, outlet);
  }

  #step(slice: Buffer, at: number): number {
    switch (this.#state) {
      case "text":
        return this.#plain(slice, at);
      case "tag":
        return this.#tag(slice, at);
      case "comment":
        return this.#comment(slice, at);
      case "reference":
        return this.#reference(slice, at);
      case "raw":
        return this.#raw(slice, at);
    }
  }

  #text(): Piece {
    return this.#hiddenDepth > 0 ? this.#pieces.hidden : this.#pieces.visible;
  }

  #plain(slice: Buffer, from: number): number {
    let to = from;
    if (this.#markdown) {
      for (; to < slice.length; to++) {
        const byte = slice[to] as number;
        if (byte === BACKTICK) this.#backticks++;
        else {
          if (this.#backticks >= 3) this.#fenced = !this.#fenced;
          this.#backticks = 0;
          if ((byte === LESS || byte === AMPERSAND) && !this.#fenced) break;
        }
      }
    } else while (to < slice.length && slice[to] !== LESS && slice[to] !== AMPERSAND) to++;
    this.#text().copy(slice, from, to);
    if (to === slice.length) return to;
    this.#state = slice[to] === LESS ? "tag" : "reference";
    this.#held = "";
    this.#quote = 0;
    return to + 1;
  }

  #tag(slice: Buffer, from: number): number {
    let to = from;
    if (this.#held === "") {
      const byte = slice[from] as number;
      const letter = byte | 0x20;
      // `a < b`, `<3`: no tag
      if (!(letter >= 0x61 && letter <= 0x7a) && byte !== 0x2f && byte !== 0x21 && byte !== 0x3f) {
        this.#text().push(LESS);
        this.#state = "text";
        return from;
      }
    }
    for (; to < slice.length; to++) {
      const byte = slice[to] as number;
      if (this.#held.length + to - from > TAG_BYTES) return this.#noTag(slice, from, to);
      if (this.#quote !== 0) {
        if (byte === this.#quote) this.#quote = 0;
      } else if (byte === 0x22 || byte === 0x27) this.#quote = byte;
      else if (byte === GREATER) break;
      else if (
        byte === 0x2d &&
        to - from < 3 &&
        this.#held + slice.toString("latin1", from, to + 1) === "!--"
      ) {
        this.#state = "comment";
        this.#dashes = 0;
        return to + 1;
      }
    }
    this.#held += slice.toString("latin1", from, to);
    if (to === slice.length) return to;
    this.#tagEnd(Buffer.from(this.#held, "latin1").toString("utf8"));
    return to + 1;
  }

  /** Too long for a tag: its beginning is text that a program reads, and goes on as such. */
  #noTag(slice: Buffer, from: number, to: number): number {
    const source = Buffer.from(this.#held, "latin1");
    this.#pieces.hidden.copy(source, 0, source.length);
    this.#pieces.hidden.copy(slice, from, to);
    this.#pieces.hidden.push(0x1e);
    this.#held = "";
    this.#state = "text";
    return to;
  }

  #tagEnd(source: string): void {
    this.#state = "text";
    const tag = readTag(source);
    if (this.#hiddenDepth > 0) {
      if (tag.name === this.#hiddenName) this.#hiddenDepth += tag.closes ? -1 : 1;
      if (this.#hiddenDepth === 0) this.#pieces.hidden.push(0x1e);
    } else if (!tag.closes && this.#elements.hides(tag) && !VOID.has(tag.name)) {
      this.#hiddenDepth = 1;
      this.#hiddenName = tag.name;
    }
    if (tag.name === "" || /^https?:/i.test(source)) this.#text().text(` ${source} `);
    else if (!tag.closes) this.#values(tag);
    if (BLOCK.has(tag.name)) this.#text().text("\n\n");
    if (CODE.has(tag.name)) this.#text().push(BACKTICK);
    else if (SPOKEN.has(tag.name)) this.#text().text(tag.closes ? "”" : "“");
    if (!tag.closes && RAW.has(tag.name) && !this.#markdown) {
      this.#state = "raw";
      this.#rawName = tag.name;
      this.#style = "";
      this.#held = "";
    }
  }

  /** What a tag says in its attributes, and in names that are none. */
  #values({ attributes }: Tag): void {
    let loose = "";
    for (const [name, value] of attributes) {
      if (value === "") loose += `${name} `;
      else if (value.length >= LEAST_VALUE && !NO_TEXT.has(name)) {
        this.#pieces.hidden.text(unreference(value));
        this.#pieces.hidden.push(0x1e);
      }
    }
    if (loose.length < LEAST_VALUE) return;
    this.#pieces.hidden.text(loose);
    this.#pieces.hidden.push(0x1e);
  }

  #comment(slice: Buffer, from: number): number {
    for (let to = from; to < slice.length; to++) {
      const byte = slice[to] as number;
      if (byte === 0x2d) this.#dashes++;
      else if (byte === GREATER && this.#dashes >= 2) {
        this.#pieces.hidden.copy(slice, from, to);
        this.#pieces.hidden.push(0x1e);
        this.#state = "text";
        return to + 1;
      } else this.#dashes = 0;
    }
    this.#pieces.hidden.copy(slice, from, slice.length);
    return slice.length;
  }

  #reference(slice: Buffer, from: number): number {
    let to = from;
    while (
      to < slice.length &&
      isReference(slice[to] as number) &&
      this.#held.length + to - from < REFERENCE_BYTES
    )
      to++;
    this.#held += slice.toString("latin1", from, to);
    if (to === slice.length) return to;
    const closed = slice[to] === 0x3b;
    this.#text().text(unreference(`&${this.#held}${closed ? ";" : ""}`));
    this.#state = "text";
    return closed ? to + 1 : to;
  }

  /** The inside of a script or a style sheet, up to its end tag. */
  #raw(slice: Buffer, from: number): number {
    let to = slice.indexOf(LESS, from);
    if (this.#held !== "") to = from;
    if (to < 0) to = slice.length;
    this.#rawText(slice, from, to);
    const end = `</${this.#rawName}`;
    for (; to < slice.length; to++) {
      const next = this.#held + String.fromCharCode(slice[to] as number).toLowerCase();
      if (!end.startsWith(next)) {
        this.#rawText(Buffer.from(this.#held), 0, this.#held.length);
        this.#held = "";
        return next.length === 1 ? to + 1 : to;
      }
      this.#held = next;
      if (next !== end) continue;
      if (this.#rawName === "style") this.#elements.learn(this.#style);
      this.#pieces.aside.push(0x1e);
      this.#state = "tag";
      this.#held = end.slice(1);
      return to + 1;
    }
    return to;
  }

  #rawText(bytes: Buffer, from: number, to: number): void {
    if (this.#rawName === "script") this.#pieces.aside.copy(bytes, from, to);
    else if (this.#style.length < STYLE_BYTES) this.#style += bytes.toString("latin1", from, to);
  }
}

function isReference(byte: number): boolean {
  return byte === 0x23 || (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}
