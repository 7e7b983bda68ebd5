/**
 * `workspace.include` and `workspace.exclude`: `*` and `?` stay inside one component, `**` crosses them, `[…]` is a
 * class, `{a,b}` a choice. A pattern without a slash (but for a last one) means that name anywhere, as in gitignore.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${source(pattern)}$`, "su"));
  return (path) => expressions.some((expression) => expression.test(path));
}

function source(pattern: string): string {
  const trimmed = pattern.replace(/\/+$/, "");
  const anchored = trimmed.includes("/");
  return `${anchored ? "" : "(?:.*/)?"}${body(trimmed.replace(/^\.?\/+/, ""))}`;
}

function body(glob: string): string {
  let out = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob[at] ?? "";
    if (glob.startsWith("**/", at)) {
      out += "(?:.*/)?";
      at += 2;
    } else if (glob.startsWith("**", at)) {
      out += ".*";
      at += 1;
    } else if (char === "*") out += "[^/]*";
    else if (char === "?") out += "[^/]";
    else if (char === "{") {
      out += "(?:";
      depth += 1;
    } else if (char === "}" && depth > 0) {
      out += ")";
      depth -= 1;
    } else if (char === "," && depth > 0) out += "|";
    else if (char === "[" && glob.indexOf("]", at + 2) > 0) {
      const end = glob.indexOf("]", at + 2);
      const inner = glob.slice(at + 1, end).replace(/[\\\][&~|]/g, "\\$&");
      out += `[${inner.replace(/^[!^]/, "^/")}]`;
      at = end;
    } else out += char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  // an unclosed brace is a brace
  return depth === 0 ? out : body(glob.replaceAll("{", "[{]"));
}

/** Which paths of a folder belong to its copy. */
export interface PathFilter {
  /** neither the path nor what lies below it */
  excludes(path: string): boolean;
  /** the path and all below it; false for a folder: something below may still be included */
  includes(path: string): boolean;
}

/** Without `include` everything is included; `exclude` wins. */
export function pathFilter(include: readonly string[], exclude: readonly string[]): PathFilter {
  return {
    excludes: globMatcher(exclude),
    includes: include.length === 0 ? () => true : globMatcher(include),
  };
}
