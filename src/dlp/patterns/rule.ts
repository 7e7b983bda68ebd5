/** What a rule's finds are spared for: all that is stated must hold with `and`, one thing with `or`. */
export interface Allowlist {
  readonly condition: "and" | "or";
  readonly regexTarget: "secret" | "match" | "line";
  /** RE2 syntax */
  readonly regexes: readonly string[];
  /** lower case; a secret that contains one is spared */
  readonly stopwords: readonly string[];
  /** RE2 syntax, of a file's path; holds for no text without one */
  readonly paths: readonly string[];
  /** whole ids, lower case; holds for no text that isn't in a commit */
  readonly commits: readonly string[];
}

/** The shape of one kind of credential. */
export interface Rule {
  /** gitleaks' name where it knows the vendor too */
  readonly id: string;
  readonly description: string;
  /** RE2 syntax; of the built-in rules only what `Shape` takes */
  readonly regex: string;
  /** the capture group that is the secret; without it the first group, without groups the whole match */
  readonly secretGroup?: number;
  /** bits a character that the secret must exceed */
  readonly entropy?: number;
  /** lower case; one of them stands in or near every match */
  readonly keywords: readonly string[];
  /** RE2 syntax, of a file's path: the rule is for such files only, so for no text without a path */
  readonly path?: string;
  readonly allowlists: readonly Allowlist[];
  /** what the vendor says of the format, or where it was seen */
  readonly source: string;
  /** further proof, of a checksum */
  readonly check?: (secret: string) => boolean;
  /** an operator's: judged by the whole secret, as gitleaks does, and spared by nothing but allowlists */
  readonly asWritten?: true;
  /** the secret goes on to the end of the line that begins so */
  readonly until?: string;
}

/** RFC 9562 §4, in lower case; for the regexes of values. */
export const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

type Extras = Partial<Pick<Rule, "entropy" | "secretGroup" | "check" | "until">>;

/** A token that its own spelling gives away. Keywords in lower case. */
export function token(
  id: string,
  description: string,
  regex: string,
  keywords: readonly string[],
  source: string,
  extras: Extras = {},
): Rule {
  return { id, description, regex, keywords, source, allowlists: [], entropy: 3, ...extras };
}

/**
 * A value without a spelling of its own, known by the name that it is assigned to: `WORD…key… = "value"`. `value` is
 * the regex of the value, `rest` the class of characters that may not follow it.
 */
export function assigned(
  id: string,
  description: string,
  word: string,
  value: string,
  source: string,
  extras: Extras = {},
): Rule {
  const regex = `(?i:${word})[\\w.-]{0,24}[\\\\'"\`\\])]{0,4}[ \\t]{0,3}[:=]{1,3}[ \\t>]{0,3}[\\\\'"\`]{0,4}(${value})(?:[^\\w+/=.-]|$)`;
  return { id, description, regex, keywords: [word], source, allowlists: [], entropy: 3, ...extras };
}
