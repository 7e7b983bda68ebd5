import type * as z from "zod/mini";
import { printable } from "../base/printable.ts";
import { VARIABLE } from "./definitions/key.ts";
import { legacyKey } from "./legacy.ts";
import type { Problems } from "./problem.ts";
import { allowedKeys } from "./schema-walk.ts";
import type { ManifestKind } from "./schemas.ts";
import type { SourceFile } from "./source-file.ts";
import { closest } from "./suggest.ts";
import type { YamlNode } from "./yaml.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Keys whose value names a secret: a slip there may be the secret itself, so the line is not shown. */
const SECRET_KEYS = new Set<PropertyKey>(["token_ref", "auth_token", "forge_token_env", "from"]);

/** What the validator found -> problems with places in the file. */
export class IssueReporter {
  readonly #kind: ManifestKind;
  readonly #schema: z.core.$ZodType;
  readonly #file: SourceFile;
  readonly #root: YamlNode;
  readonly #problems: Problems;

  constructor(
    kind: ManifestKind,
    schema: z.core.$ZodType,
    file: SourceFile,
    root: YamlNode,
    problems: Problems,
  ) {
    this.#kind = kind;
    this.#schema = schema;
    this.#file = file;
    this.#root = root;
    this.#problems = problems;
  }

  report(issues: readonly Issue[], prefix: Path = []): void {
    for (const issue of issues) this.#one(issue, [...prefix, ...issue.path]);
  }

  #one(issue: Issue, path: Path): void {
    switch (issue.code) {
      case "unrecognized_keys":
        for (const key of issue.keys) this.#unknownKey(path, key);
        return;
      case "invalid_union":
        this.#union(issue, path);
        return;
      case "invalid_key":
        this.#add(path, `${named(path)} ${issue.issues[0]?.message ?? "is no valid name"}`, undefined, true);
        return;
      case "invalid_type":
        this.#type(path, [issue.expected]);
        return;
      case "invalid_value":
        this.#choice(path, issue.values.map(String));
        return;
      default: {
        const value = nodeAt(this.#root, path)?.value;
        const quoted = typeof value === "string" && !this.#secret(path) ? ` \`${printable(value, 80)}\`` : "";
        this.#add(path, `${named(path)}${quoted} ${issue.message}`);
      }
    }
  }

  #unknownKey(path: Path, key: string): void {
    const name = printable(key, 80);
    const where = path.length === 0 ? "" : ` in \`${show(path)}\``;
    const legacy = this.#kind === "settings" ? undefined : legacyKey(path, key);
    if (legacy !== undefined) {
      this.#add([...path, key], `\`${name}\`${where} is a key of an old format`, legacy.mend, true);
      return;
    }
    if (this.#kind === "agent") {
      const bottleOnly =
        path.length === 0 ? BOTTLE_KEYS.has(key) : show(path) === "git-gate" && key === "repos";
      if (bottleOnly) {
        const full = show([...path, key]);
        this.#add(
          [...path, key],
          `\`${full}\` is bottle-only: an agent can't have it`,
          "write it in the bottle",
          true,
        );
        return;
      }
    }
    const allowed = allowedKeys(this.#schema, path);
    const near = closest(key, allowed);
    const guess = near === undefined ? "" : `; did you mean \`${near}\`?`;
    this.#add(
      [...path, key],
      `unknown key \`${name}\`${where}${guess}`,
      `allowed here: ${allowed.join(", ")}`,
      true,
    );
  }

  /** Reports the branch that the value's type chose, or that none takes this type. */
  #union(issue: Extract<Issue, { code: "invalid_union" }>, path: Path): void {
    if (issue.discriminator !== undefined && "options" in issue) {
      const options = (issue.options ?? []).map(String);
      if (nodeAt(this.#root, path) === undefined)
        this.#add(path, `${named(path)} is missing: one of ${options.join(", ")}`);
      else this.#choice(path, options);
      return;
    }
    const fitting = issue.errors.filter(
      (branch) => !branch.some((found) => found.path.length === 0 && atRoot(found)),
    );
    const chosen = fitting[0];
    if (chosen !== undefined) {
      this.report(chosen, path);
      return;
    }
    const literals = issue.errors.flatMap((branch) =>
      branch.every((found) => found.code === "invalid_value")
        ? branch.flatMap((found) => (found.code === "invalid_value" ? found.values.map(String) : []))
        : [undefined],
    );
    if (literals.every((literal) => literal !== undefined)) {
      this.#choice(path, literals);
      return;
    }
    const expected = issue.errors.flatMap((branch) =>
      branch.flatMap((found) =>
        found.code === "invalid_type"
          ? [found.expected]
          : found.code === "invalid_value"
            ? found.values.map((value) => `\`${String(value)}\``)
            : [],
      ),
    );
    this.#type(path, expected);
  }

  #type(path: Path, expected: readonly string[]): void {
    const node = nodeAt(this.#root, path);
    if (node === undefined) {
      const parent = nodeAt(this.#root, path.slice(0, -1));
      const key = String(path.at(-1));
      // `identity` stands where `key` should: its own problem says so.
      for (const other of parent?.entries?.keys() ?? []) {
        if (legacyKey(path.slice(0, -1), other)?.now === key) return;
      }
      this.#add(path, `${named(path)} is missing`);
      return;
    }
    const wanted = [...new Set(expected.map(typeName))].join(" or ");
    this.#add(
      path,
      `${named(path)} must be ${wanted}, not ${kindOf(node.value)}`,
      typeMend(node.value, expected),
    );
  }

  #choice(path: Path, values: readonly string[]): void {
    const node = nodeAt(this.#root, path);
    if (node === undefined) {
      this.#add(path, `${named(path)} is missing: one of ${values.join(", ")}`);
      return;
    }
    const near = typeof node.value === "string" ? closest(node.value, values) : undefined;
    const guess = near === undefined ? "" : `; did you mean \`${near}\`?`;
    const text = typeof node.value === "string" ? node.value : JSON.stringify(node.value);
    const found = typeof node.value === "object" ? kindOf(node.value) : `\`${printable(text, 80)}\``;
    const allowed = values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
    this.#add(path, `${named(path)} must be ${allowed}, not ${found}${guess}`);
  }

  #secret(path: Path): boolean {
    return path.some((step) => SECRET_KEYS.has(step)) || (this.#kind === "bottle" && path[0] === "env");
  }

  #add(path: Path, message: string, mend?: string, atKey = false): void {
    const { start, end } = placeOf(this.#root, path, atKey);
    if (!atKey && this.#secret(path) && isScalar(nodeAt(this.#root, path))) this.#file.hide(start);
    // Escapes of YAML can bring control characters that the file itself may not hold.
    this.#problems.add({ file: this.#file, start, end, message: printable(message, 1000), mend });
  }
}

function isScalar(node: YamlNode | undefined): boolean {
  return node !== undefined && node.value !== null && typeof node.value !== "object";
}

/**
 * Hides the lines on which a key that names a secret holds something else: it may be the secret itself, and another
 * problem on the same line would show it.
 */
export function hideSecrets(node: YamlNode, file: SourceFile): void {
  for (const item of node.items ?? []) hideSecrets(item, file);
  for (const [key, entry] of node.entries ?? []) {
    const { value, start } = entry.node;
    if (SECRET_KEYS.has(key) && typeof value === "string" && !VARIABLE.test(value)) file.hide(start);
    hideSecrets(entry.node, file);
  }
}

const BOTTLE_KEYS = new Set([
  "extends",
  "env",
  "agent_provider",
  "egress",
  "dlp",
  "supervise",
  "workspace",
  "limits",
  "isolation",
]);

function atRoot(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

/** The value at a path; undefined: nothing is written there. */
export function nodeAt(root: YamlNode, path: Path): YamlNode | undefined {
  let node: YamlNode | undefined = root;
  for (const step of path) {
    node = typeof step === "number" ? node?.items?.[step] : node?.entries?.get(String(step))?.node;
  }
  return node;
}

/** Where to put the caret: the value, its key, or the nearest thing above that is written. */
export function placeOf(root: YamlNode, path: Path, atKey: boolean): { start: number; end: number } {
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length);
    const parent = nodeAt(root, here.slice(0, -1));
    const step = here.at(-1);
    const entry = typeof step === "string" ? parent?.entries?.get(step) : undefined;
    const exact = length === path.length;
    if (entry !== undefined && (atKey || !exact || entry.node.value === null)) {
      return { start: entry.keyStart, end: entry.keyEnd };
    }
    const node = entry?.node ?? (typeof step === "number" ? parent?.items?.[step] : undefined);
    if (node !== undefined) return { start: node.start, end: exact ? node.end : node.start + 1 };
  }
  return { start: root.start, end: root.start + 1 };
}

/** How messages name a place: its path in backticks; the whole document has none. */
function named(path: Path): string {
  return path.length === 0 ? "the YAML" : `\`${show(path)}\``;
}

/** `egress.routes[0].host` */
export function show(path: Path): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return printable(text.replace(/^\./, ""), 200);
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: "text",
    int: "a whole number",
    number: "a number",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
  };
  return names[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return Number.isFinite(value) ? "a number" : `${value}`;
  return value === true ? "true" : "false";
}

function typeMend(value: unknown, expected: readonly string[]): string | undefined {
  if (value === null) return "give the key a value or remove it";
  const scalar = typeof value === "number" || typeof value === "boolean";
  if (scalar && expected.includes("string")) return "write the value in quotes";
  if (typeof value === "string" && expected.includes("boolean") && /^(?:yes|no|on|off)$/i.test(value)) {
    return "YAML 1.2 has only true and false";
  }
  if (expected.length === 1 && expected[0] === "array" && typeof value !== "object")
    return "write it as a list: [..]";
  return undefined;
}
