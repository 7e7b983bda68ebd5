import { type Finding, isUnsearched } from "../../../dlp/finding.ts";
import type { Scanner } from "../../../dlp/scanner.ts";
import type { Surface } from "../../../dlp/split/values.ts";
import type { RecordedFinding } from "../../../journal/record.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { Refusal } from "../../../policy/verdict.ts";
import type { FieldJudge } from "../credential/field-judge.ts";
import { type Brokered, bodyJudge, trailerRefusal } from "../credential/foreign.ts";
import type { BodyOut } from "../outgoing-body.ts";
import type { BodyFault } from "./body-fault.ts";
import type { BodyOutlet, OutgoingText } from "./body-outlet.ts";
import type { BodyReading, ScanKind } from "./body-text.ts";
import { headWarnings, inspectHead } from "./head-inspection.ts";
import type { Holder } from "./hold-timer.ts";
import { faultRefusal, findingRefusal, type Inspector, type RouteRules } from "./inspector.ts";
import { bodyIntegrity } from "./integrity.ts";
import { recorded } from "./recorded-finding.ts";
import { createRedactedBody } from "./redacted-body.ts";
import type { HeadValues } from "./redacted-head.ts";
import { RequestBody } from "./request-body.ts";
import type { Framing } from "./text-rewriter.ts";

/** Who hears what came of it: the exchange. After `refuse` nothing follows. */
export interface RequestOutlet {
  refuse(refusal: Refusal): void;
  found(finding: RecordedFinding): void;
  notInspected(why: string): void;
  /** more of the body may be read */
  requestRoom(): void;
}

/** What comes behind a request's head, on its way to be read. */
export interface RequestReading {
  data(bytes: Buffer): void;
  end(trailers: HeaderList): void;
  /** False: read no more of the body until `requestRoom`. */
  roomy(): boolean;
  close(): void;
}

const NO_FIELDS: HeaderList = [];

/** Reads one request: its head at once, its body and trailers as they come. */
export class RequestInspection implements RequestReading, BodyReading, BodyOutlet, Holder {
  readonly #inspector: Inspector;
  readonly #rules: RouteRules;
  readonly #out: BodyOut;
  readonly #outlet: RequestOutlet;
  readonly #brokered: Brokered | undefined;
  #body: OutgoingText | undefined;
  #fields: HeaderList = NO_FIELDS;
  #trailers: HeaderList = NO_FIELDS;
  /** the number that the body's first bytes were observed by */
  #observed: number | undefined;
  /** of what was taken out of the body, the first */
  #redacted: Finding | undefined;
  #refused = false;

  /** `out`: where what may go goes. `brokered`: its host gets the sidecar's credential. */
  constructor(
    inspector: Inspector,
    rules: RouteRules,
    out: BodyOut,
    outlet: RequestOutlet,
    brokered?: Brokered,
  ) {
    this.#brokered = brokered;
    this.#inspector = inspector;
    this.#rules = rules;
    this.#out = out;
    this.#outlet = outlet;
  }

  /**
   * `values`: as they are to be sent, without the sidecar's credential. Returns them as they may be sent, the same object
   * when nothing was taken out. Undefined: refused.
   */
  head(method: string, host: string, values: HeadValues): HeadValues | undefined {
    const sent = this.#read({ method, host }, values);
    if (sent) this.#observe({ host, ...sent }, "head");
    return this.#refused ? undefined : sent;
  }

  /** What this request completes of a secret that others before it began. */
  #observe(surface: Surface, name: string): void {
    const { split } = this.#inspector;
    const finding = split.observe(surface, this.#rules.settings, performance.now());
    if (finding) this.#refuse(finding, name);
  }

  beginning(body: Buffer): void {
    if (this.#refused) return;
    const surface = { host: "", target: "", fields: NO_FIELDS, body, continues: this.#observed };
    this.#observe(surface, "body");
    this.#observed ??= this.#inspector.split.request;
  }

  #read(lead: { method: string; host: string } | undefined, values: HeadValues): HeadValues | undefined {
    if (this.#rules.settings.entropy === true)
      for (const { finding, surface } of headWarnings(this.#inspector, this.#rules, values))
        this.#warn(finding, surface);
    const outcome = inspectHead(this.#inspector, this.#rules, lead, values);
    if (outcome === undefined) return values;
    if (outcome.kind === "refused") {
      this.#refuse(outcome.found.finding, outcome.found.surface, outcome.why);
      return undefined;
    }
    for (const { finding, surface } of outcome.found)
      this.#outlet.found(recorded(finding, surface, "redact"));
    return outcome.values;
  }

  /** `fields`: Content-Type and Content-Encoding say how the body is read. */
  startBody(fields: HeaderList, framing: Framing): void {
    this.#fields = fields;
    this.#body =
      this.#rules.inspection.onMatch === "redact"
        ? createRedactedBody(fields, this, framing, this)
        : new RequestBody(fields, this, this);
  }

  scanner(found: (finding: Finding) => void, kind: ScanKind): Scanner {
    const { settings, codedSettings, jointSettings, inspection } = this.#rules;
    const { detectors } = this.#inspector;
    const heard =
      inspection.oversize === "pass"
        ? (finding: Finding) => {
            if (!this.#passes(finding)) found(finding);
          }
        : found;
    switch (kind) {
      case "text":
        return detectors.scanner(settings, heard, this.#warnOfBody);
      case "coded":
        return detectors.scanner(codedSettings, heard, this.#warnOfBody);
      case "joints":
        return detectors.scanner(jointSettings, heard);
      case "again":
        return detectors.scanner(settings, heard);
    }
  }

  readonly #warnOfBody = (finding: Finding): void => this.#warn(finding, "body");

  #warn(finding: Finding, surface: string): void {
    if (!this.#refused) this.#outlet.found(recorded(finding, surface, "warn"));
  }

  scanText(text: Buffer): readonly Finding[] {
    const { settings, inspection } = this.#rules;
    const findings = this.#inspector.detectors.scanText(text, settings);
    return inspection.oversize === "pass" ? findings.filter((finding) => !this.#passes(finding)) : findings;
  }

  /** It is no find, but something that can't be searched, which may go on this route. */
  #passes(finding: Finding): boolean {
    if (!isUnsearched(finding)) return false;
    this.#outlet.notInspected(`holds ${finding.name}`);
    this.#warn(finding, "body");
    return true;
  }

  judge(): FieldJudge | undefined {
    const brokered = this.#brokered;
    return brokered && bodyJudge(brokered, this.#rules.route, (refusal) => this.#refuseForeign(refusal));
  }

  #refuseForeign(refusal: Refusal): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#outlet.refuse(refusal);
  }

  data(bytes: Buffer): void {
    const body = this.#body;
    if (this.#refused || !body) return;
    body.write(bytes);
    if (body.holds) this.#inspector.holds.touch(this);
  }

  end(trailers: HeaderList): void {
    if (this.#refused) return;
    const foreign = this.#brokered && trailerRefusal(this.#brokered, trailers, this.#rules.route);
    if (foreign) {
      this.#refuseForeign(foreign);
      return;
    }
    if (trailers.length > 0) {
      const sent = this.#read(undefined, { target: "", fields: trailers });
      if (!sent) return;
      this.#trailers = sent.fields;
      this.#observe({ host: "", target: "", fields: sent.fields, continues: this.#observed }, "trailer");
      if (this.#refused) return;
      if (this.#redacted && this.#hasIntegrity(this.#redacted)) return;
    }
    if (this.#body) this.#body.end();
    else this.released();
  }

  roomy(): boolean {
    return this.#body?.roomy() ?? true;
  }

  close(): void {
    this.#refused = true;
    this.#body?.close();
    this.#out.close();
    this.#inspector.holds.drop(this);
  }

  get holds(): boolean {
    return !this.#refused && this.#body?.holds === true;
  }

  settle(): void {
    if (this.#body?.settle()) this.#inspector.holds.touch(this);
    else this.push();
  }

  push(): void {
    if (!this.#refused) this.#out.flush();
  }

  release(bytes: Buffer): void {
    this.#out.write(bytes);
  }

  released(): void {
    if (this.#refused) return;
    this.#out.end(this.#trailers);
    this.#out.flush();
  }

  refuse(finding: Finding, why?: string): void {
    if (!this.#refused) this.#refuse(finding, "body", why);
  }

  redacted(finding: Finding): void {
    if (this.#refused) return;
    this.#redacted ??= finding;
    if (this.#hasIntegrity(finding)) return;
    this.#outlet.found(recorded(finding, "body", "redact"));
  }

  /** Another body than the one it states would be refused. True: so is this. */
  #hasIntegrity(finding: Finding): boolean {
    const field = bodyIntegrity(this.#fields) ?? bodyIntegrity(this.#trailers);
    if (field === undefined) return false;
    this.#refuse(finding, "body", `It can't be taken out: ${field} says what the body is.`);
    return true;
  }

  fault(fault: BodyFault): boolean {
    if (this.#refused) return false;
    if (this.#rules.inspection.oversize === "pass") {
      this.#outlet.notInspected(fault.message);
      return true;
    }
    this.#refused = true;
    this.#outlet.refuse(faultRefusal(fault, this.#rules));
    return false;
  }

  room(): void {
    this.#outlet.requestRoom();
  }

  #refuse(finding: Finding, surface: string, why?: string): void {
    this.#refused = true;
    this.#outlet.found(recorded(finding, surface, "block"));
    this.#outlet.refuse(findingRefusal(finding, surface, this.#rules, why));
  }
}
