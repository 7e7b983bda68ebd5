import type { Finding } from "../finding.ts";
import { PIECE_CHARS } from "../known/limits.ts";
import type { KnownSecret } from "../known/secret.ts";
import type { Detectors, Scanner, ScanSettings } from "../scanner.ts";
import {
  SPLIT_BODY_BYTES,
  SPLIT_KEYS,
  SPLIT_PIECES,
  SPLIT_REQUESTS,
  SPLIT_TEXT_CHARS,
  SPLIT_WINDOW_MS,
} from "./limits.ts";
import { type Piece, PieceFinder } from "./pieces.ts";
import { type Surface, valuesOf } from "./values.ts";

/** A piece that went out. */
interface Sent {
  readonly start: number;
  readonly end: number;
  request: number;
  at: number;
}

/** The values of one key, read as one text. */
interface KeyText {
  scanner: Scanner;
  last: string;
  /** what the scanner has read, but for the value that is being added */
  read: string;
  request: number;
  at: number;
}

/**
 * Finds a secret that is spread over requests, to whatever hosts. Pieces of it that touch add up; and the values of one
 * key (a parameter, a field, a place in the path, a JSON leaf) are read as one text, so that one character a request is
 * found. Not found: pieces too short to be told from chance with other characters around them, or in changing places.
 * Both memories are bounded, by time and by requests.
 */
export class SplitIndex {
  readonly #detectors: Detectors;
  readonly #pieces: PieceFinder;
  readonly #kinds: ReadonlyMap<string, KnownSecret["kind"]>;
  readonly #sent = new Map<KnownSecret, Sent[]>();
  readonly #keys = new Map<string, KeyText>();
  #request = 0;
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
    if (surface.continues !== true) this.#request++;
    this.#finds = [];
    const body = surface.body?.subarray(0, SPLIT_BODY_BYTES);
    this.#observePieces({ ...surface, body }, settings, now);
    valuesOf({ ...surface, body }, (key, value) => this.#append(key, value, now));
    return this.#finds.find(({ name }) => this.#counts(name, settings));
  }

  #counts(name: string, { known, allow }: ScanSettings): boolean {
    return this.#kinds.get(name) !== "bottle" || (known && !allow.has(name));
  }

  #observePieces({ host, target, fields, body }: Surface, settings: ScanSettings, now: number): void {
    let text = `${host}\n${target}`;
    for (let i = 1; i < fields.length; i += 2) text += `\n${fields[i]}`;
    const onPiece = (piece: Piece) => {
      if (this.#counts(piece.secret.name, settings)) this.#addPiece(piece, now);
    };
    this.#pieces.find(Buffer.from(text, "latin1"), onPiece);
    if (body) this.#pieces.find(body, onPiece);
  }

  #addPiece({ secret, start, end }: Piece, now: number): void {
    const kept = (this.#sent.get(secret) ?? []).filter(
      (sent) => !this.#isOld(sent, now) && !(sent.start >= start && sent.end <= end),
    );
    const others = new Set(kept.map(({ request }) => request));
    others.delete(this.#request);
    kept.push({ start, end, request: this.#request, at: now });
    if (kept.length > SPLIT_PIECES) kept.shift();
    this.#sent.set(secret, kept);
    if (others.size === 0) return;
    const [from, to] = reached(kept, start, end);
    // what one request holds by itself is for the scanner of its text
    const wanted = Math.min(PIECE_CHARS, Buffer.byteLength(secret.value.reveal(), "utf8"));
    if (to - from < wanted || end - start >= wanted) return;
    this.#found(secret.kind === "canary" ? "canary" : "known_secrets", secret.name, "split over requests");
  }

  #append(key: string, value: string, now: number): void {
    let text = this.#keys.get(key);
    if (text && this.#isOld(text, now)) text = undefined;
    // a field that every request has alike spells nothing
    const same = text?.last === value && value.length > 8;
    text ??= this.#newText();
    text.last = value;
    text.request = this.#request;
    text.at = now;
    this.#keys.delete(key);
    this.#keys.set(key, text);
    if (this.#keys.size > SPLIT_KEYS) {
      const [oldest] = this.#keys.keys();
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    if (same) return;
    text.scanner.write(Buffer.from(value, "latin1"));
    text.scanner.settle();
    text.read += value;
    // a run of base64 that goes on is read anew with every value: it must not grow
    if (text.read.length > SPLIT_TEXT_CHARS) this.#renew(text, text.read.slice(-SPLIT_TEXT_CHARS / 4));
  }

  #newText(): KeyText {
    const text: KeyText = { scanner: this.#scanner(() => text), last: "", read: "", request: 0, at: 0 };
    return text;
  }

  #renew(text: KeyText, read: string): void {
    text.read = read;
    text.scanner = this.#scanner(() => text);
    text.scanner.write(Buffer.from(read, "latin1"));
    text.scanner.settle();
  }

  #scanner(text: () => KeyText): Scanner {
    return this.#detectors.scanner(EVERY_SECRET, ({ detector, name, encoding, end }) => {
      // the value only ends a run of base64 that was read before it
      if (end <= text().read.length) return;
      this.#found(
        detector,
        name,
        encoding === "raw" ? "split over requests" : `split over requests > ${encoding}`,
      );
    });
  }

  #found(detector: Finding["detector"], name: string, encoding: string): void {
    this.#finds.push({ detector, name, encoding, start: 0, end: 0, replaceable: false });
  }

  #isOld({ at, request }: { readonly at: number; readonly request: number }, now: number): boolean {
    return now - at > SPLIT_WINDOW_MS || this.#request - request > SPLIT_REQUESTS;
  }
}

const EVERY_SECRET: ScanSettings = { known: true, patterns: false, allow: new Set() };

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
