import type { Finding } from "./finding.ts";
import { indexSecrets, type KnownIndex } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import type { KnownSecret } from "./known/secret.ts";

/** What one text is searched for. The sidecar's own credentials and the canary always are. */
export interface ScanSettings {
  /** the secrets of the bottle's environment */
  readonly known: boolean;
  /** names of secrets of the environment that may pass */
  readonly allow: ReadonlySet<string>;
}

/** The detectors of one bottle, compiled when they are first used. */
export class Detectors {
  readonly #secrets: readonly KnownSecret[];
  #index: KnownIndex | undefined;

  constructor(secrets: readonly KnownSecret[]) {
    this.#secrets = secrets;
  }

  /** A scanner of one text. `found` is called as soon as the end of a find is certain. */
  scanner(settings: ScanSettings, found: (finding: Finding) => void): Scanner {
    this.#index ??= indexSecrets(this.#secrets);
    return new Scanner(this.#index, settings, found);
  }

  /** Everything found in a whole text. */
  scanText(text: Buffer, settings: ScanSettings): readonly Finding[] {
    if (this.#secrets.length === 0) return NOTHING;
    let findings: Finding[] | undefined;
    const scanner = this.scanner(settings, (finding) => {
      findings ??= [];
      findings.push(finding);
    });
    scanner.write(text, true);
    return findings ?? NOTHING;
  }
}

const NOTHING: readonly Finding[] = [];

/** Reads one text as it comes. Its memory does not grow with the text. */
export class Scanner {
  readonly #known: KnownMatcher;

  constructor(index: KnownIndex, settings: ScanSettings, found: (finding: Finding) => void) {
    this.#known = new KnownMatcher(index, ({ secret, encoding }, start, end) => {
      const { kind, name } = secret;
      if (kind === "bottle" && (!settings.known || settings.allow.has(name))) return;
      const detector = kind === "canary" ? "canary" : "known_secrets";
      found({ detector, name, encoding, start, end, replaceable: true });
    });
  }

  /** `last`: the text ends here. */
  write(bytes: Buffer, last = false): void {
    this.#known.write(bytes, last);
  }

  /**
   * A message ends here, or nothing came for a while: what is not enough for a find may go. It is remembered, so that
   * what would complete it later is found.
   */
  settle(): void {
    this.#known.settle();
  }

  /** Text offset up to which bytes may go: nothing that covers an earlier one can still be completed. */
  get safe(): number {
    return this.#known.open;
  }
}
