import { printable } from "../../../base/printable.ts";
import { type Finding, isUnsearched } from "../../../dlp/finding.ts";
import { INJECTION_PARTS } from "../../../dlp/injection/parts.ts";
import type { KnownSecret } from "../../../dlp/known/secret.ts";
import type { PatternSet } from "../../../dlp/patterns/pattern-set.ts";
import { Detectors, type ScanSettings } from "../../../dlp/scanner.ts";
import { SplitIndex } from "../../../dlp/split/split-index.ts";
import { DEFAULT_INSPECTION, type RouteInspection } from "../../../policy/route.ts";
import type { CompiledRoute } from "../../../policy/routes.ts";
import { type Code, type Refusal, refuse } from "../../../policy/verdict.ts";
import { replacedText } from "../replace.ts";
import { HeldBytes } from "../websocket/held-bytes.ts";
import type { BodyFault } from "./body-fault.ts";
import { HeldTotal } from "./held-total.ts";
import { HoldTimer } from "./hold-timer.ts";
import { MODEL_HELD_BYTES, REFRAMED_TOTAL_BYTES } from "./limits.ts";
import { warmUp } from "./warm-up.ts";

/** What the requests to one host are read for, and what a find leads to. */
export interface RouteRules {
  readonly route: CompiledRoute;
  readonly inspection: RouteInspection;
  readonly settings: ScanSettings;
  /** of a body's coded bytes: what they say is read by itself */
  readonly codedSettings: ScanSettings;
  /** of where parts of a body meet, in which no token can be, and nothing compressed is whole */
  readonly jointSettings: ScanSettings;
}

const EVERYTHING: ScanSettings = { known: true, patterns: true, allow: new Set() };

/** The content inspection of one egress plane. */
export class Inspector {
  readonly detectors: Detectors;
  /** what the requests of the bottle hold between them */
  readonly split: SplitIndex;
  readonly holds = new HoldTimer();
  readonly heldMessages = new HeldBytes();
  readonly heldBodies = new HeldTotal(MODEL_HELD_BYTES);
  readonly heldToRedact = new HeldTotal(REFRAMED_TOTAL_BYTES);
  readonly #rules = new WeakMap<CompiledRoute, RouteRules>();

  constructor(secrets: readonly KnownSecret[], patterns: PatternSet) {
    this.detectors = new Detectors(secrets, patterns);
    this.split = new SplitIndex(this.detectors, secrets);
  }

  rules(route: CompiledRoute): RouteRules {
    let rules = this.#rules.get(route);
    if (!rules) {
      const inspection = route.spec.dlp ?? DEFAULT_INSPECTION;
      const settings = {
        known: inspection.outbound.includes("known_secrets"),
        patterns: inspection.outbound.includes("token_patterns"),
        allow: new Set(inspection.allowSecrets),
        entropy: inspection.outbound.includes("entropy"),
      };
      const codedSettings = { ...settings, entropy: false, coded: true };
      const jointSettings = { ...codedSettings, patterns: false };
      rules = { route, inspection, settings, codedSettings, jointSettings };
      this.#rules.set(route, rules);
    }
    return rules;
  }

  /** Makes ready what requests by these routes will be read with, when there is time. */
  prepare(routes: readonly CompiledRoute[]): void {
    if (routes.length === 0) return;
    const readsAnswers = routes.some((route) => this.rules(route).inspection.inbound !== "off");
    warmUp([...this.detectors.parts, ...(readsAnswers ? INJECTION_PARTS : [])]);
  }

  /** A text of the agent's for the journal: every secret in it is replaced by its name. */
  readonly mask = (text: string): string => {
    const findings = this.detectors.scanText(Buffer.from(text, "latin1"), EVERYTHING);
    return findings.length === 0 ? text : replacedText(text, findings, "masked");
  };
}

const CODES: Readonly<Record<Finding["detector"], Code>> = {
  known_secrets: "dlp.known_secret",
  canary: "dlp.canary",
  token_patterns: "dlp.token_pattern",
  entropy: "dlp.token_pattern",
  unreadable: "dlp.body_unreadable",
  too_large: "dlp.body_too_large",
};

/** Names what was found, where and how it was spelled; never the value. `why`: a sentence on why it was not taken out. */
export function findingRefusal(
  finding: Finding,
  surface: string,
  { route, inspection }: RouteRules,
  why?: string,
): Refusal {
  const { detector, encoding } = finding;
  const name = printable(finding.name, 100);
  const split = encoding.startsWith("split");
  const spelled = encoding === "raw" ? "" : split ? `, ${encoding}` : `, spelled in ${encoding}`;
  const held =
    inspection.onMatch === "supervise" && detector !== "canary"
      ? " It would be held for the operator, who can't be asked yet: it is blocked."
      : "";
  if (isUnsearched(finding))
    return refuse(
      CODES[detector],
      `The ${surface} holds ${name}${spelled}, which can't be read.`,
      route.rule,
      {
        needed: `dlp: {oversize: pass}, on the route of ${route.spec.host}: it passes without being read`,
      },
    );
  const what =
    detector === "token_patterns" ? `what looks like a credential (${name})` : `the secret ${name}`;
  const kept = why === undefined ? "" : ` ${why}`;
  const detail = `The ${surface} holds ${what}${spelled}.${held}${kept}`;
  const mayBeListed = detector === "known_secrets";
  return refuse(CODES[detector], detail, `${route.rule} outbound_on_match: ${inspection.onMatch}`, {
    ...(mayBeListed && {
      needed: `dlp: {allow_secrets: [${name}]}, on the route of ${route.spec.host}, if it is a variable of the bottle`,
    }),
  });
}

export function faultRefusal({ code, message }: BodyFault, { route }: RouteRules): Refusal {
  return refuse(code, `The body ${message}.`, route.rule, {
    needed: `dlp: {oversize: pass}, on the route of ${route.spec.host}: it passes without being read`,
  });
}
