/**
 * The paths a git config file makes git read or run: `include.path`, `includeIf.*.path` (relative to the file) and
 * `core.hooksPath` (relative to the work tree). Own reading of the syntax of git-config(1), because the host's git
 * must not be run on a tree an agent could write. Only looked at to cover more; a path it misses is in SECURITY.md's
 * remarks on bind mode.
 */
export function configuredPaths(text: string): {
  readonly includes: readonly string[];
  readonly hooksPath: string | undefined;
} {
  const includes: string[] = [];
  let hooksPath: string | undefined;
  let section = "";
  // a backslash at a line's end continues it
  for (const raw of text.replace(/\\\r?\n/g, "").split(/\r?\n/)) {
    const header = /^\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\](.*)$/.exec(raw);
    if (header) section = (header[1] ?? "").toLowerCase();
    const pair = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=(.*)$/.exec(header ? (header[2] ?? "") : raw);
    if (!pair) continue;
    const key = (pair[1] ?? "").toLowerCase();
    const value = plainValue(pair[2] ?? "");
    if (key === "path" && (section === "include" || section === "includeif")) includes.push(value);
    if (key === "hookspath" && section === "core") hooksPath = value;
  }
  return { includes, hooksPath };
}

/** Quotes and escapes taken off, comments cut. */
function plainValue(raw: string): string {
  let out = "";
  let quoted = false;
  for (let at = 0; at < raw.length; at += 1) {
    const char = raw[at] ?? "";
    if (char === "\\") {
      at += 1;
      out += raw[at] ?? "";
    } else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "#" || char === ";")) break;
    else out += char;
  }
  return out.trim();
}
