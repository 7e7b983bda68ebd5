import { type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument } from "yaml";
import { printable } from "../base/printable.ts";
import {
  MAX_ALIASES,
  MAX_KEY_LENGTH,
  MAX_SYNTAX_PROBLEMS,
  MAX_YAML_DEPTH,
  MAX_YAML_LENGTH,
  MAX_YAML_NODES,
} from "./limits.ts";
import type { Problems } from "./problem.ts";
import type { SourceFile } from "./source-file.ts";

/** A YAML value with the places it was written at (character offsets in the file). */
export interface YamlNode {
  /** plain JSON value; no map has a key `__proto__` */
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
  /** of a map */
  readonly entries?: ReadonlyMap<string, YamlEntry>;
  /** of a list */
  readonly items?: readonly YamlNode[];
}

export interface YamlEntry {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly node: YamlNode;
}

/**
 * Parses `file.text[start, end)` as one YAML 1.2 document with the core schema. Never throws: what is wrong goes to
 * `problems`, and then the answer is undefined. Work and result are bounded by the limits of this room: aliases are
 * followed by our own walk, which counts every value it makes.
 */
export function parseYaml(
  file: SourceFile,
  start: number,
  end: number,
  problems: Problems,
): YamlNode | undefined {
  if (end - start > MAX_YAML_LENGTH) {
    problems.add({ file, start, message: `more than ${MAX_YAML_LENGTH} characters of YAML` });
    return undefined;
  }
  let document: Document.Parsed;
  try {
    document = parseDocument(file.text.slice(start, end), {
      version: "1.2",
      schema: "core",
      merge: false,
      stringKeys: true,
      // Compared by our walk with a set: the library's own check is quadratic in the number of keys.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
  } catch (error) {
    problems.add({ file, start, message: `the YAML can't be parsed: ${printable(String(error), 200)}` });
    return undefined;
  }
  // A warning is an unknown tag or directive: something that would otherwise be read differently from what it says.
  const complaints = [...document.errors, ...document.warnings];
  for (const { pos, message } of complaints.slice(0, MAX_SYNTAX_PROBLEMS)) {
    const deep = message.includes("call stack");
    problems.add({
      file,
      start: start + pos[0],
      end: start + Math.max(pos[0], pos[1]),
      message: deep ? "lists and maps are nested too deep" : printable(message, 200),
    });
    if (deep) break;
  }
  if (complaints.length > 0) return undefined;
  if (document.directives.yaml.explicit || document.directives.yaml.version !== "1.2") {
    problems.add({ file, start, message: "a %YAML directive; manifests are YAML 1.2", mend: "remove it" });
    return undefined;
  }
  const before = problems.count;
  const walk = new Walk(file, start, problems);
  const root = document.contents;
  const node = root === null ? { value: {}, start, end: start, entries: new Map() } : walk.node(root, 0);
  return problems.count === before ? node : undefined;
}

/** Turns the library's tree into ours. Stops at the first bound that is passed. */
class Walk {
  readonly #file: SourceFile;
  readonly #base: number;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #open = new Set<ParsedNode>();
  #nodes = 0;
  #aliases = 0;
  #stopped = false;

  constructor(file: SourceFile, base: number, problems: Problems) {
    this.#file = file;
    this.#base = base;
    this.#problems = problems;
  }

  node(parsed: ParsedNode | null, depth: number): YamlNode {
    const start = this.#base + (parsed?.range[0] ?? 0);
    const end = this.#base + (parsed?.range[1] ?? 0);
    const nothing: YamlNode = { value: null, start, end };
    if (this.#stopped || parsed === null) return nothing;
    if (++this.#nodes > MAX_YAML_NODES) return this.#stop(nothing, `more than ${MAX_YAML_NODES} values`);
    if (depth > MAX_YAML_DEPTH) return this.#stop(nothing, `nested deeper than ${MAX_YAML_DEPTH} levels`);
    if (isAlias(parsed)) return this.#alias(parsed.source, nothing, depth);
    if (parsed.anchor !== undefined) this.#anchors.set(parsed.anchor, parsed);
    if (isScalar(parsed)) return { value: parsed.value, start, end };
    this.#open.add(parsed);
    const made = isMap(parsed) ? this.#map(parsed, start, end, depth) : this.#list(parsed, start, end, depth);
    this.#open.delete(parsed);
    return made;
  }

  #list(parsed: ParsedNode, start: number, end: number, depth: number): YamlNode {
    const items = isSeq<ParsedNode>(parsed) ? parsed.items.map((item) => this.node(item, depth + 1)) : [];
    return { value: items.map((item) => item.value), start, end, items };
  }

  #map(parsed: ParsedNode, start: number, end: number, depth: number): YamlNode {
    const entries = new Map<string, YamlEntry>();
    const values = new Map<string, unknown>();
    for (const pair of isMap<ParsedNode, ParsedNode | null>(parsed) ? parsed.items : []) {
      if (this.#stopped) break;
      const keyStart = this.#base + pair.key.range[0];
      const keyEnd = this.#base + pair.key.range[1];
      const key = isScalar(pair.key) ? String(pair.key.value) : "";
      const wrong = wrongKey(key, isScalar(pair.key));
      const first = entries.get(key);
      if (wrong !== undefined || first !== undefined) {
        const at = first === undefined ? 0 : this.#file.position(first.keyStart).line;
        this.#problems.add({
          file: this.#file,
          start: keyStart,
          end: keyEnd,
          message: wrong ?? `\`${printable(key, 80)}\` is written twice; the first is on line ${at}`,
        });
        continue;
      }
      const node =
        pair.value === null
          ? { value: null, start: keyStart, end: keyEnd }
          : this.node(pair.value, depth + 1);
      entries.set(key, { keyStart, keyEnd, node });
      values.set(key, node.value);
    }
    return { value: Object.fromEntries(values), start, end, entries };
  }

  #alias(name: string, place: YamlNode, depth: number): YamlNode {
    const target = this.#anchors.get(name);
    if (++this.#aliases > MAX_ALIASES) return this.#stop(place, `more than ${MAX_ALIASES} aliases`);
    if (target === undefined) return this.#stop(place, `\`*${printable(name, 80)}\` has no anchor above it`);
    if (this.#open.has(target)) return this.#stop(place, `\`*${printable(name, 80)}\` holds itself`);
    return this.node(target, depth);
  }

  #stop(place: YamlNode, message: string): YamlNode {
    this.#stopped = true;
    this.#problems.add({ file: this.#file, start: place.start, end: place.end, message });
    return place;
  }
}

function wrongKey(key: string, scalar: boolean): string | undefined {
  if (!scalar) return "a key must be plain text";
  if (key.length > MAX_KEY_LENGTH) return `a key of more than ${MAX_KEY_LENGTH} characters`;
  if (key === "__proto__") return "`__proto__` can't be a key";
  if (key === "<<") return "`<<` (merge keys) is not YAML 1.2; bottles are merged with `extends`";
  return undefined;
}
