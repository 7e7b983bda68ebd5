import { EncodedViews } from "./encoded-views.ts";
import { RandomRuns } from "./entropy/random-runs.ts";
import { type Finding, isUnsearched } from "./finding.ts";
import { indexSecrets, type KnownIndex, type SecretForm } from "./known/known-index.ts";
import { MASKED_CHARS, SECRET_CHARS } from "./known/limits.ts";
import { KnownMatcher } from "./known/matcher.ts";
import type { KnownSecret } from "./known/secret.ts";
import { indexKeywords, type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";
import type { PatternSet } from "./patterns/pattern-set.ts";
import { holdsNothing } from "./quick-look.ts";

/** What one text is searched for. The sidecar's own credentials and the canary always are. */
export interface ScanSettings {
  /** the secrets of the bottle's environment */
  readonly known: boolean;
  /** what has the shape of a vendor's token */
  readonly patterns: boolean;
  /** names of secrets of the environment that may pass */
  readonly allow: ReadonlySet<string>;
  /** what is as random as a secret, and is only reported */
  readonly entropy?: boolean;
  /** what is compressed in it, as it stands, is read elsewhere or not at all */
  readonly coded?: boolean;
}

/** The detectors of one bottle, compiled when they are first used. */
export class Detectors {
  readonly #secrets: readonly KnownSecret[];
  readonly #brokered: readonly KnownSecret[];
  readonly #patterns: PatternSet;
  #keywords: KeywordIndex | undefined;
  #index: KnownIndex | undefined;
  #maskIndex: KnownIndex | undefined;
  #maskViewIndex: KnownIndex | undefined;

  constructor(secrets: readonly KnownSecret[], patterns: PatternSet) {
    this.#patterns = patterns;
    this.#secrets = secrets;
    this.#brokered = secrets.filter(({ kind }) => kind === "brokered");
  }

  /** The same secrets with other patterns. */
  with(patterns: PatternSet): Detectors {
    const others = new Detectors(this.#secrets, patterns);
    others.#index = this.secretIndex;
    return others;
  }

  /** Whether there is a credential to mask. */
  get masks(): boolean {
    return this.#brokered.length > 0;
  }

  /** What is made when the first text is read, one at a time, for whoever wants it made before. */
  get parts(): readonly (() => void)[] {
    return [
      () => this.secretIndex,
      () => this.#keywordsFor(EVERY_PATTERN),
      () => this.#maskedIndex,
      () => this.#maskedViewIndex,
    ];
  }

  /** A scanner of one text that leaves. `found` is called as soon as the end of a find is certain, `warn` for what is only reported. */
  scanner(
    settings: ScanSettings,
    found: (finding: Finding) => void,
    warn?: (finding: Finding) => void,
  ): Scanner {
    const index = this.secretIndex;
    return new Scanner(index, this.#keywordsFor(settings), settings, found, index, warn);
  }

  /** A scanner of one text that comes back, for the sidecar's own credentials, short ones too. */
  maskScanner(found: (finding: Finding) => void): Scanner {
    const credential = (finding: Finding) => {
      if (!isUnsearched(finding)) found(finding);
    };
    return new Scanner(this.#maskedIndex, undefined, MASKED, credential, this.#maskedViewIndex);
  }

  /** Everything found in a whole text that leaves. */
  scanText(text: Buffer, settings: ScanSettings): readonly Finding[] {
    if (this.#secrets.length === 0 && !settings.patterns) return NOTHING;
    if (holdsNothing(this.secretIndex, this.#keywordsFor(settings), text)) return NOTHING;
    return collect(text, (found) => this.scanner(settings, found));
  }

  /** Everything in a whole text that is only reported. */
  warnings(text: Buffer, settings: ScanSettings): readonly Finding[] {
    const findings: Finding[] = [];
    if (settings.entropy === true)
      new RandomRuns((start, end) => findings.push(randomRun(start, end))).write(text, true);
    return findings;
  }

  /** Everything to be masked in a whole text that comes back. */
  maskFindings(text: Buffer): readonly Finding[] {
    if (!this.masks || holdsNothing(this.#maskedIndex, undefined, text)) return NOTHING;
    return collect(text, (found) => this.maskScanner(found));
  }

  /** The secrets that are searched for in what leaves. */
  get secretIndex(): KnownIndex {
    this.#index ??= indexSecrets(this.#secrets, SECRET_CHARS);
    return this.#index;
  }

  get #maskedIndex(): KnownIndex {
    this.#maskIndex ??= indexSecrets(this.#brokered, MASKED_CHARS);
    return this.#maskIndex;
  }

  /** In what is encoded a short credential is too often chance. */
  get #maskedViewIndex(): KnownIndex {
    this.#maskViewIndex ??= indexSecrets(this.#brokered, SECRET_CHARS);
    return this.#maskViewIndex;
  }

  #keywordsFor({ patterns }: ScanSettings): KeywordIndex | undefined {
    if (patterns) this.#keywords ??= indexKeywords(this.#patterns);
    return patterns ? this.#keywords : undefined;
  }
}

function collect(text: Buffer, scanner: (found: (finding: Finding) => void) => Scanner): readonly Finding[] {
  let findings: Finding[] | undefined;
  scanner((finding) => {
    findings ??= [];
    findings.push(finding);
  }).write(text, true);
  return findings ?? NOTHING;
}

const EVERY_PATTERN: ScanSettings = { known: false, patterns: true, allow: new Set() };
const MASKED: ScanSettings = { known: false, patterns: false, allow: new Set(), coded: true };
const NOTHING: readonly Finding[] = [];

/** What is reported of characters that are as random as a secret's. */
function randomRun(start: number, end: number): Finding {
  return { detector: "entropy", name: "high-entropy", encoding: "raw", start, end, replaceable: false };
}

const NO_BYTES = Buffer.alloc(0);

/** Reads one text as it comes. Its memory does not grow with the text. */
export class Scanner {
  readonly #known: KnownMatcher;
  readonly #patterns: PatternMatcher | undefined;
  readonly #views: EncodedViews | undefined;
  readonly #random: RandomRuns | undefined;

  /** `decoded`: what is searched for in what encodings hold. */
  constructor(
    index: KnownIndex,
    keywords: KeywordIndex | undefined,
    settings: ScanSettings,
    found: (finding: Finding) => void,
    decoded: KnownIndex,
    warn?: (finding: Finding) => void,
  ) {
    if (warn && settings.entropy === true)
      this.#random = new RandomRuns((start, end) => warn(randomRun(start, end)));
    const known = ({ secret, encoding }: SecretForm, start: number, end: number, replaceable: boolean) => {
      const { kind, name } = secret;
      if (kind === "bottle" && (!settings.known || settings.allow.has(name))) return;
      const detector = kind === "canary" ? "canary" : "known_secrets";
      found({ detector, name, encoding, start, end, replaceable });
    };
    this.#known = new KnownMatcher(index, (form, start, end) => {
      this.#views?.note(form.secret.name, start, end);
      known(form, start, end, true);
    });
    if (decoded.grams || keywords?.search)
      this.#views = new EncodedViews(
        { index: decoded, keywords, seen: 0, inflated: 0 },
        0,
        {
          secret: (form, encoding, start, end, whole) => known({ ...form, encoding }, start, end, whole),
          pattern: (name, encoding, start, end, replaceable) =>
            found({ detector: "token_patterns", name, encoding, start, end, replaceable }),
          unreadable: (name, tooLarge, encoding, start, end) => {
            const detector = tooLarge ? "too_large" : "unreadable";
            found({ detector, name, encoding, start, end, replaceable: false });
          },
        },
        settings.coded !== true,
      );
    this.#patterns =
      keywords &&
      new PatternMatcher(keywords, (name, start, end, replaceable) => {
        this.#views?.note(name, start, end);
        found({ detector: "token_patterns", name, encoding: "raw", start, end, replaceable });
      });
  }

  /** `last`: the text ends here. */
  write(bytes: Buffer, last = false): void {
    this.#known.write(bytes, last);
    this.#patterns?.write(bytes, last);
    this.#views?.write(bytes, last);
    this.#random?.write(bytes, last);
  }

  /**
   * Nothing came for a while: what is not enough of a known secret may go. It is remembered, so that what would complete
   * it is found. The beginning of a token may not go.
   */
  settle(): void {
    this.#known.settle();
    this.#views?.settle();
  }

  /** A message ends here: it is judged by what there is, and may go. What would go on in the next one is remembered. */
  boundary(): void {
    this.#known.settle();
    this.#patterns?.boundary();
    this.#views?.boundary();
    this.#random?.write(NO_BYTES, true);
  }

  /** Text offset up to which bytes may go: nothing that covers an earlier one can still be completed. */
  get safe(): number {
    const open = Math.min(this.#known.open, this.#patterns?.open ?? this.#known.open);
    return Math.min(open, this.#views?.open ?? open);
  }
}
