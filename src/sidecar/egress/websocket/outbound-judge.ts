import { type Finding, isUnsearched } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import { SPLIT_BODY_BYTES } from "../../../dlp/split/limits.ts";
import type { RecordedFinding } from "../../../journal/record.ts";
import { findingRefusal, type Inspector, type RouteRules } from "../inspect/inspector.ts";
import { REDACTION_COUNT } from "../inspect/limits.ts";
import { recorded } from "../inspect/recorded-finding.ts";
import { replaced } from "../replace.ts";
import { POLICY_VIOLATION, WebSocketFault } from "./fault.ts";
import type { MessageJudge } from "./judge.ts";

/**
 * Reads what the agent sends. One scanner reads all messages as one text, so that a secret that is split over them is
 * found; another what control frames carry; a third the bytes as they stand on the wire, heads and masking keys among
 * them, because a server that is in on it can read those as well.
 */
export class OutboundJudge implements MessageJudge {
  readonly reads = true;
  readonly rewrites: boolean;
  readonly #inspector: Inspector;
  readonly #rules: RouteRules;
  readonly #found: (finding: RecordedFinding) => void;
  readonly #messages: Scanner;
  readonly #controls: Scanner;
  readonly #wire: Scanner;
  #fresh: Finding[] = [];
  /** to be replaced in the message */
  #spans: Finding[] = [];
  #total = 0;
  #start = 0;
  #streams = false;
  /** how the message begins, while what is found in it may be taken out */
  #head: Buffer[] = [];
  /** the number that its first bytes were observed by */
  #observed: number | undefined;

  constructor(inspector: Inspector, rules: RouteRules, found: (finding: RecordedFinding) => void) {
    this.#inspector = inspector;
    this.#rules = rules;
    this.#found = found;
    this.rewrites = rules.inspection.onMatch === "redact";
    const { detectors } = inspector;
    const passes = rules.inspection.oversize === "pass";
    const collect = (finding: Finding) => {
      if (passes && isUnsearched(finding)) this.#found(recorded(finding, "message", "warn"));
      else this.#fresh.push(finding);
    };
    // Heads and masking keys can't be rewritten.
    const onWire = (finding: Finding) => this.#fresh.push({ ...finding, replaceable: false });
    this.#messages = detectors.scanner(rules.settings, collect, (finding) =>
      this.#found(recorded(finding, "message", "warn")),
    );
    this.#controls = detectors.scanner(rules.settings, collect);
    this.#wire = detectors.scanner({ ...rules.settings, patterns: false }, onWire);
  }

  get safe(): number {
    return this.#messages.safe;
  }

  /** Bytes as they came, before they are taken apart. */
  wire(bytes: Buffer): void {
    this.#wire.write(bytes);
    this.#refuseFresh("frame");
  }

  begin(): void {
    this.#start = this.#total;
    this.#streams = false;
    this.#spans = [];
    this.#head = [];
    this.#observed = undefined;
  }

  stream(): void {
    this.#streams = true;
    const [first] = this.#spans;
    if (first) this.#refuse(first, "message");
    this.#observe(Buffer.concat(this.#head));
  }

  write(text: Buffer): void {
    const before = this.#total - this.#start;
    this.#total += text.length;
    this.#messages.write(text);
    this.#weigh();
    if (before >= SPLIT_BODY_BYTES) return;
    const body = text.subarray(0, SPLIT_BODY_BYTES - before);
    if (this.rewrites && !this.#streams) this.#head.push(body);
    else this.#observe(body);
  }

  /** What goes is put together with what went before; a secret that is taken out does not go. */
  #observe(body: Buffer): void {
    if (body.length === 0) return;
    const { split } = this.#inspector;
    const surface = { host: "", target: "", fields: [], body, continues: this.#observed };
    const finding = split.observe(surface, this.#rules.settings, performance.now());
    this.#observed ??= split.request;
    if (finding) this.#refuse(finding, "message");
  }

  settle(): void {
    this.#messages.settle();
    this.#weigh();
  }

  end(text: (() => Buffer) | undefined): Buffer | undefined {
    this.#messages.boundary();
    this.#wire.boundary();
    this.#weigh();
    if (text === undefined || this.#spans.length === 0) {
      if (!this.#streams) this.#observe(Buffer.concat(this.#head));
      return undefined;
    }
    const rewritten = replaced(text(), this.#start, this.#spans, "redacted");
    const [left] = this.#inspector.detectors.scanText(rewritten, this.#rules.settings);
    if (left) this.#refuse(left, "message");
    this.#observe(rewritten.subarray(0, SPLIT_BODY_BYTES));
    for (const finding of this.#spans) this.#found(recorded(finding, "message", "redact"));
    return rewritten;
  }

  control(payload: Buffer, surface: string): void {
    this.#controls.write(payload);
    this.#controls.boundary();
    this.#refuseFresh(surface);
  }

  /** Whether what was found can be taken out of the message. */
  #weigh(): void {
    for (const finding of this.#fresh) {
      const inPlace =
        this.rewrites &&
        !this.#streams &&
        finding.start >= this.#start &&
        this.#spans.length < REDACTION_COUNT;
      if (!inPlace || !finding.replaceable || finding.detector === "canary") this.#refuse(finding, "message");
      this.#spans.push(finding);
    }
    this.#fresh = [];
  }

  #refuseFresh(surface: string): void {
    const [first] = this.#fresh;
    if (first) this.#refuse(first, surface);
  }

  #refuse(finding: Finding, surface: string): never {
    this.#found(recorded(finding, surface, "block"));
    throw new WebSocketFault(findingRefusal(finding, surface, this.#rules), POLICY_VIOLATION);
  }
}
