import { foldWord } from "../fold.ts";
import { type Lexicon, WORD, type WordClass } from "../word-class.ts";
import { ENGLISH } from "./english.ts";
import { LATIN_LANGUAGES } from "./latin-languages.ts";
import { DENSE, RUSSIAN } from "./other-scripts.ts";

/** A word of a term, and what may follow it in longer terms. */
export interface TermNode {
  /** classes of the term that ends here; 0: none does */
  mask: number;
  next: Map<string, TermNode> | undefined;
}

/** One term with its classes, as written. */
export interface Term {
  readonly text: string;
  readonly mask: number;
}

/** Terms that stand in a text without anything between them. */
export interface DenseTerms {
  /** their classes */
  readonly masks: ReadonlyMap<string, number>;
  /** characters of the longest */
  readonly longest: number;
}

function terms(lexicon: Lexicon): Term[] {
  const result: Term[] = [];
  for (const name of Object.keys(WORD) as WordClass[])
    for (const term of lexicon[name]?.split(",") ?? []) {
      const text = term.trim().replaceAll(/\s+/g, " ");
      if (text !== "") result.push({ text, mask: WORD[name] });
    }
  return result;
}

/** Made anew by each call: only tables that are made once are made of them. */
export function latinTerms(): readonly Term[] {
  return [ENGLISH, ...LATIN_LANGUAGES].flatMap(terms);
}

/** As `latinTerms`. */
export function foreignTerms(): readonly Term[] {
  return [RUSSIAN, DENSE].flatMap(terms);
}

let wordTerms: ReadonlyMap<string, TermNode> | undefined;
let denseTerms: DenseTerms | undefined;

/** Terms of scripts with spaces, by their first word, folded as `foldWord` does; made when first needed. */
export function byFirstWord(): ReadonlyMap<string, TermNode> {
  wordTerms ??= trie([...latinTerms(), ...terms(RUSSIAN)]);
  return wordTerms;
}

/** Terms of scripts without spaces; made when first needed. */
export function withoutSpaces(): DenseTerms {
  denseTerms ??= dense();
  return denseTerms;
}

function trie(list: readonly Term[]): Map<string, TermNode> {
  const root = new Map<string, TermNode>();
  for (const { text, mask } of list) {
    let level = root;
    let node: TermNode | undefined;
    for (const word of text.split(/[^\p{L}\p{N}\p{M}_']+/u)) {
      if (word === "") continue;
      const key = foldWord(word);
      node = level.get(key);
      if (node === undefined) {
        node = { mask: 0, next: undefined };
        level.set(key, node);
      }
      node.next ??= new Map();
      level = node.next;
    }
    if (node) node.mask |= mask;
  }
  return root;
}

function dense(): DenseTerms {
  const masks = new Map<string, number>();
  let longest = 0;
  for (const { text, mask } of terms(DENSE)) {
    const key = text.replaceAll(" ", "");
    masks.set(key, (masks.get(key) ?? 0) | mask);
    longest = Math.max(longest, key.length);
  }
  return { masks, longest };
}
