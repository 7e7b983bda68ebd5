import { printable } from "../../../base/printable.ts";
import type { Finding } from "../../../dlp/finding.ts";
import { InjectionScanner, type TextKind } from "../../../dlp/injection/scanner.ts";
import type { Detectors, Scanner } from "../../../dlp/scanner.ts";
import type { RecordedFinding } from "../../../journal/record.ts";
import { refuse } from "../../../policy/verdict.ts";
import type { Inspector, RouteRules } from "../inspect/inspector.ts";
import { SNIFFED_BYTES } from "../limits.ts";
import { replaced } from "../replace.ts";
import { readsAsText } from "../response/text-kind.ts";
import { POLICY_VIOLATION, WebSocketFault } from "./fault.ts";
import type { MessageJudge } from "./judge.ts";

const EMPTY = Buffer.alloc(0);
/** In which the first character of a text message stands that says what it is. */
const OPENING_BYTES = 64;
/** Behind a packet's number (Engine.IO and its like) too. What then is no JSON is read all the same. */
const JSON_BEGINS = /^[\s\d:,/-]*[[{]/;

/** A scanner of the messages of one kind, and how much of them it has read. */
interface Reader {
  readonly scanner: InjectionScanner;
  seen: number;
}

/** Reads what comes back: the sidecar's credentials are masked, and text must not instruct the agent. */
export class InboundJudge implements MessageJudge {
  readonly reads: boolean;
  readonly rewrites: boolean;
  readonly #rules: RouteRules;
  readonly #found: (finding: RecordedFinding) => void;
  readonly #detectors: Detectors;
  readonly #mask: Scanner | undefined;
  readonly #readers = new Map<TextKind, Reader>();
  #reader: Reader | undefined;
  /** how the message begins, until it is known how it is read */
  #opening: Buffer | undefined;
  /** what the reader had seen when the message began */
  #readerStart = 0;
  #fresh: Finding[] = [];
  #spans: Finding[] = [];
  #total = 0;
  #start = 0;
  #streams = false;
  #text = false;
  #warned = false;

  /** `always`: messages are read whatever is looked for. */
  constructor(
    inspector: Inspector,
    rules: RouteRules,
    always: boolean,
    found: (finding: RecordedFinding) => void,
  ) {
    this.#rules = rules;
    this.#found = found;
    this.#detectors = inspector.detectors;
    const { masks } = this.#detectors;
    this.rewrites = masks;
    this.reads = masks || always || rules.inspection.inbound !== "off";
    if (masks) this.#mask = this.#detectors.maskScanner((finding) => this.#fresh.push(finding));
  }

  get safe(): number {
    const { scanner } = this.#reader ?? {};
    let passed = this.#total;
    if (this.#opening) passed = this.#start;
    else if (scanner) passed = this.#start + scanner.safe - this.#readerStart;
    return Math.min(this.#mask?.safe ?? this.#total, passed);
  }

  begin(text: boolean): void {
    this.#start = this.#total;
    this.#streams = false;
    this.#spans = [];
    this.#text = text;
    this.#reader = undefined;
    this.#opening = this.#rules.inspection.inbound === "off" ? undefined : EMPTY;
  }

  stream(): void {
    this.#streams = true;
    const [first] = this.#spans;
    if (first) this.#cut(first.name);
  }

  write(text: Buffer): void {
    if (text.length === 0) return;
    this.#total += text.length;
    this.#mask?.write(text);
    this.#weigh();
    if (this.#opening) {
      this.#opening = this.#opening.length === 0 ? text : Buffer.concat([this.#opening, text]);
      if (this.#opening.length >= (this.#text ? OPENING_BYTES : SNIFFED_BYTES)) this.#choose();
    } else this.#read(text);
  }

  /** It is known, or nothing more will be, how the message is read for injections: by how it begins. */
  #choose(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    if (!opening || opening.length === 0) return;
    if (this.#text || readsAsText(opening)) this.#reader = this.#readerOf(opening);
    this.#read(opening);
  }

  #read(text: Buffer): void {
    if (!this.#reader) return;
    this.#reader.scanner.write(text);
    this.#reader.seen += text.length;
    this.#judge();
  }

  settle(): void {
    this.#choose();
    this.#reader?.scanner.boundary();
    this.#judge();
  }

  end(text: (() => Buffer) | undefined): Buffer | undefined {
    this.#mask?.boundary();
    this.#weigh();
    this.#choose();
    this.#reader?.scanner.boundary();
    this.#judge();
    if (text === undefined || this.#spans.length === 0) return undefined;
    const rewritten = replaced(text(), this.#start, this.#spans, "masked");
    const [left] = this.#detectors.maskFindings(rewritten);
    if (left) this.#cut(left.name);
    return rewritten;
  }

  control(payload: Buffer): void {
    const [finding] = this.#detectors.maskFindings(payload);
    if (finding) this.#cut(finding.name);
  }

  #readerOf(opening: Buffer): Reader {
    const text = opening.toString("latin1", 0, OPENING_BYTES);
    const kind = JSON_BEGINS.test(text) ? "json" : /^\s*</.test(text) ? "html" : "text";
    let reader = this.#readers.get(kind);
    if (!reader) {
      reader = { scanner: new InjectionScanner(kind), seen: 0 };
      this.#readers.set(kind, reader);
    }
    this.#readerStart = reader.seen;
    return reader;
  }

  #weigh(): void {
    for (const finding of this.#fresh) {
      const { name, encoding } = finding;
      // Of its beginning some may have gone in an earlier message: what is left of it is replaced.
      this.#spans.push({ ...finding, start: Math.max(finding.start, this.#start) });
      this.#found({ detector: "response_mask", name, surface: "response message", encoding, action: "mask" });
      if (this.#streams || (!finding.replaceable && finding.start < this.#start)) this.#cut(name);
    }
    this.#fresh = [];
  }

  #judge(): void {
    const found = this.#reader?.scanner.found;
    if (!found) return;
    const { route, inspection } = this.#rules;
    const blocks = found.grade === "block" && inspection.inbound === "block";
    if (!this.#warned || blocks) {
      this.#warned = true;
      const action = blocks ? "block" : "warn";
      const { phrase: name } = found;
      this.#found({ detector: "naive_injection_detection", name, surface: "response message", action });
    }
    if (!blocks) return;
    const detail = `A message holds text that tries to instruct the agent (${found.phrase}).`;
    throw new WebSocketFault(
      refuse("dlp.injection", detail, `${route.rule} inbound_detectors`),
      POLICY_VIOLATION,
    );
  }

  #cut(name: string): never {
    const detail = `A message holds the credential ${printable(name, 100)} where it can't be replaced.`;
    throw new WebSocketFault(
      refuse("dlp.known_secret", detail, `${this.#rules.route.rule} response mask`),
      POLICY_VIOLATION,
    );
  }
}
