import { RULE_FILE_BYTES } from "../../../dlp/patterns/limits.ts";

/** A finding as gitleaks' fingerprints name one. */
export interface Fingerprinted {
  readonly commit: string | undefined;
  readonly path: string | undefined;
  readonly rule: string;
  /** 1-based */
  readonly line: number | undefined;
}

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/i;

/** The fingerprints of a `.gitleaksignore`: `COMMIT:FILE:RULE:LINE` for one commit, `FILE:RULE:LINE` for any. */
export class GitleaksIgnore {
  readonly #prints: ReadonlySet<string>;

  /** `text`: undefined where there is no such file; of one that is longer than a rule file may be nothing is ignored. */
  constructor(text: string | undefined) {
    const lines = text === undefined || text.length > RULE_FILE_BYTES ? [] : text.split(/\r?\n/);
    this.#prints = new Set(lines.flatMap(readLine));
  }

  ignores({ commit, path, rule, line }: Fingerprinted): boolean {
    if (path === undefined || line === undefined || this.#prints.size === 0) return false;
    const anywhere = `${path}:${rule}:${line}`;
    return this.#prints.has(anywhere) || (commit !== undefined && this.#prints.has(`${commit}:${anywhere}`));
  }
}

/** gitleaks reads paths with backslashes as such with slashes. */
function readLine(line: string): readonly string[] {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return [];
  const parts = text.split(":");
  if (parts.length === 3) return [text.replaceAll("\\", "/")];
  const [commit = "", ...rest] = parts;
  if (parts.length !== 4 || !COMMIT.test(commit)) return [];
  return [`${commit.toLowerCase()}:${rest.join(":").replaceAll("\\", "/")}`];
}
