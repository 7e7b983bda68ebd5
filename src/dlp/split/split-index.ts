import { type Finding, isUnsearched } from "../finding.ts";
import { VENDOR_PREFIX } from "../known/forms.ts";
import { PIECE_CHARS } from "../known/limits.ts";
import type { KnownSecret } from "../known/secret.ts";
import { SYMBOLS } from "../known/symbols.ts";
import type { Detectors, ScanSettings } from "../scanner.ts";
import { KeyText } from "./key-text.ts";
import { SPLIT_BODY_BYTES, SPLIT_KEYS, SPLIT_PIECES, SPLIT_REQUESTS, SPLIT_WINDOW_MS } from "./limits.ts";
import { type Piece, PieceFinder } from "./pieces.ts";
import { type Place, type Surface, valuesOf } from "./values.ts";

/** A piece that went out. */
interface Sent {
  readonly start: number;
  readonly end: number;
  request: number;
  at: number;
}

const EVERY_SECRET: ScanSettings = { known: true, patterns: false, allow: new Set() };

/**
 * Finds a secret that is spread over requests, to whatever hosts, or over one. Pieces of it that touch add up; and the
 * values of one key (a parameter, a field, a place in the path, a JSON leaf) are read as one text, so that one character a
 * request is found. Not found: pieces too short to be told from chance with other characters around them, or in changing places.
 * Both memories are bounded, by time and by requests.
 */
export class SplitIndex {
  readonly #detectors: Detectors;
  readonly #pieces: PieceFinder;
  readonly #kinds: ReadonlyMap<string, KnownSecret["kind"]>;
  readonly #sent = new Map<KnownSecret, Sent[]>();
  readonly #keys: Readonly<Record<Place, Map<string, KeyText>>> = {
    host: new Map(),
    path: new Map(),
    names: new Map(),
    pair: new Map(),
    field: new Map(),
    leaf: new Map(),
    body: new Map(),
  };
  #requests = 0;
  /** of what is being observed, or was last */
  #request = 0;
  #now = 0;
  #settings = EVERY_SECRET;
  #finds: Finding[] = [];

  constructor(detectors: Detectors, secrets: readonly KnownSecret[]) {
    this.#detectors = detectors;
    this.#pieces = new PieceFinder(secrets);
    this.#kinds = new Map(secrets.map(({ name, kind }) => [name, kind]));
  }

  /**
   * Call it once a request, when nothing was found in the request itself, and for a body's next bytes; `now` in
   * milliseconds. Gives what this request completes; its place in the text is not told.
   */
  observe(surface: Surface, settings: ScanSettings, now: number): Finding | undefined {
    if (this.#kinds.size === 0) return undefined;
    this.#request = surface.continues ?? ++this.#requests;
    if (this.#finds.length > 0) this.#finds = [];
    this.#now = now;
    this.#settings = settings;
    const body = surface.body?.subarray(0, SPLIT_BODY_BYTES);
    const read = body === surface.body ? surface : { ...surface, body };
    this.#observePieces(read);
    valuesOf(read, this.#append);
    if (this.#finds.length === 0) return undefined;
    return this.#finds.find(({ name }) => this.#counts(name, settings));
  }

  /** The number of the request that was observed last. */
  get request(): number {
    return this.#request;
  }

  #counts(name: string, { known, allow }: ScanSettings): boolean {
    return this.#kinds.get(name) !== "bottle" || (known && !allow.has(name));
  }

  #observePieces({ host, target, fields, body }: Surface): void {
    let text = `${host}\n${target}`;
    for (const part of fields) text += `\n${part}`;
    this.#pieces.find(Buffer.from(text, "latin1"), this.#onPiece);
    if (body) this.#pieces.find(body, this.#onPiece);
  }

  readonly #onPiece = (piece: Piece): void => {
    if (this.#counts(piece.secret.name, this.#settings)) this.#addPiece(piece, this.#now);
  };

  #addPiece({ secret, start, end }: Piece, now: number): void {
    const kept = (this.#sent.get(secret) ?? []).filter(
      (sent) => !this.#isOld(sent, now) && !(sent.start >= start && sent.end <= end),
    );
    kept.push({ start, end, request: this.#request, at: now });
    if (kept.length > SPLIT_PIECES) kept.shift();
    this.#sent.set(secret, kept);
    const [from, to] = reached(kept, start, end);
    const value = Buffer.from(secret.value.reveal(), "utf8");
    const wanted = Math.min(PIECE_CHARS, tellingCount(value, 0, value.length));
    // a piece that is a find by itself is for the scanner of its text
    if (tellingCount(value, from, to) < wanted || tellingCount(value, start, end) >= wanted) return;
    this.#found(secret.kind === "canary" ? "canary" : "known_secrets", secret.name, "split over requests");
  }

  readonly #append = (place: Place, key: string, value: string): void => {
    const keys = this.#keys[place];
    const known = keys.get(key);
    let text = known && this.#isOld(known, this.#now) ? undefined : known;
    // a field that every request has alike spells nothing
    const same = text?.last === value && value.length > 8;
    text ??= new KeyText(this.#detectors.secretIndex);
    text.last = value;
    text.request = this.#request;
    text.at = this.#now;
    if (same) return;
    keys.delete(key);
    keys.set(key, text);
    if (keys.size > SPLIT_KEYS) {
      const [oldest] = keys.keys();
      if (oldest !== undefined) keys.delete(oldest);
    }
    const before = text.add(value);
    if (before !== undefined) this.#read(text.bytes, before);
  };

  /**
   * What lies before `from` is no news: a value may only end a run of base64 that was read with the one before it. What
   * the values of many requests make is no file that somebody sends: if it can't be read, that is no find.
   */
  #read(bytes: Buffer, from: number): void {
    const scanner = this.#detectors.scanner(EVERY_SECRET, (finding) => {
      const { detector, name, encoding, end } = finding;
      if (end <= from || isUnsearched(finding)) return;
      this.#found(
        detector,
        name,
        encoding === "raw" ? "split over requests" : `split over requests > ${encoding}`,
      );
    });
    scanner.write(bytes, true);
  }

  #found(detector: Finding["detector"], name: string, encoding: string): void {
    this.#finds.push({ detector, name, encoding, start: 0, end: 0, replaceable: false });
  }

  #isOld({ at, request }: { readonly at: number; readonly request: number }, now: number): boolean {
    return now - at > SPLIT_WINDOW_MS || this.#requests - request > SPLIT_REQUESTS;
  }
}

/** What the scanner counts of a stretch: letters and digits, but those that every token of its vendor begins with. */
function tellingCount(value: Buffer, start: number, end: number): number {
  const prefix = VENDOR_PREFIX.exec(value.toString("latin1"))?.[0].length ?? 0;
  let count = 0;
  for (let at = Math.max(prefix, start); at < end; at++) if (SYMBOLS[value[at] as number] !== 0) count++;
  return count;
}

/** How far pieces that touch or overlap reach from one of them. */
function reached(pieces: readonly Sent[], start: number, end: number): readonly [number, number] {
  let from = start;
  let to = end;
  for (let grown = true; grown; ) {
    grown = false;
    for (const piece of pieces) {
      if (piece.start > to || piece.end < from) continue;
      if (piece.start >= from && piece.end <= to) continue;
      from = Math.min(from, piece.start);
      to = Math.max(to, piece.end);
      grown = true;
    }
  }
  return [from, to];
}
