import { printable } from "../../base/printable.ts";
import { MAX_REF_LENGTH } from "../limits.ts";

/** Refs that change what other refs or objects mean, or that are one working tree's own (gitrepository-layout). */
const NEVER = /^refs\/(?:replace|worktree|bisect|rewritten)(?:\/|$)/;

/**
 * What is wrong with the name of a pushed ref, as the end of a sentence: git's own rules (git-check-ref-format), and
 * ours, for what a later command line, terminal or file system would read otherwise than git does.
 */
export function refNameProblem(ref: string): string | undefined {
  if (ref.length > MAX_REF_LENGTH) return `is longer than ${MAX_REF_LENGTH} characters`;
  // what was no UTF-8 has become this, and would be sent on as another name
  if (ref.includes("\ufffd") || !ref.isWellFormed()) return "is not UTF-8";
  if (printable(ref, MAX_REF_LENGTH) !== ref) return "holds a control or invisible character";
  if (!ref.startsWith("refs/")) return "does not begin with refs/";
  const components = ref.split("/");
  if (components.length < 3) return "has no name below refs/";
  if (/[ ~^:?*[\\]|\.\.|@\{/.test(ref))
    return "holds what git allows in no ref: space ~ ^ : ? * [ \\ .. or @{";
  for (const component of components) {
    if (component === "") return "has an empty component";
    if (component.startsWith("-")) return "has a component that begins with -, as an option does";
    if (component.startsWith(".") || component.endsWith("."))
      return "has a component that begins or ends with a dot";
    if (/\.lock$/i.test(component)) return "has a component that ends with .lock";
  }
  if (NEVER.test(foldRef(ref))) return "is in a namespace that is one repository's own";
  if (/^refs\/(?:heads|tags)\/(?:head|@)$/i.test(ref)) return "could be taken for HEAD";
  if (/^refs\/(?:heads|tags)\/(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref))
    return "could be taken for an object's id";
  return undefined;
}

/** Names that a file system may hold for one and the same fold alike: by case and by Unicode's normal forms. */
export function foldRef(ref: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/^[\u0000-\u007f]*$/.test(ref)) return ref.toLowerCase();
  return ref.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/** Two refs that can't both be where case doesn't count: `a` and `A`, or `a` and `A/b`. */
export interface RefClash {
  readonly ref: string;
  readonly other: string;
}

/** The first new ref that clashes with one there is, or with another new one. */
export function findClash(added: readonly string[], existing: Iterable<string>): RefClash | undefined {
  if (added.length === 0) return undefined;
  const names = new Map<string, string>();
  const folders = new Map<string, string>();
  const clash = (ref: string): string | undefined => {
    const folded = foldRef(ref);
    const other = names.get(folded);
    if (other !== undefined && other !== ref) return other;
    return (
      folders.get(folded) ??
      foldersOf(folded)
        .map((folder) => names.get(folder))
        .find((name) => name !== undefined)
    );
  };
  for (const ref of added) {
    const other = clash(ref);
    if (other !== undefined) return { ref, other };
    const folded = foldRef(ref);
    names.set(folded, ref);
    for (const folder of foldersOf(folded)) folders.set(folder, ref);
  }
  for (const other of existing) {
    const ref = clash(other);
    if (ref !== undefined) return { ref, other };
  }
  return undefined;
}

/** `refs/heads/a/b` lies in `refs/heads/a`; all refs lie in `refs` and in their namespace, where none can be. */
function foldersOf(ref: string): readonly string[] {
  const found: string[] = [];
  for (let slash = ref.indexOf("/", 5); slash >= 0; slash = ref.indexOf("/", slash + 1))
    found.push(ref.slice(0, slash));
  return found;
}
