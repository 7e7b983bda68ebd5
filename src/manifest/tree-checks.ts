import { routeHost } from "./definitions/egress.ts";
import { nodeAt, show } from "./issues.ts";
import { MAX_PATTERN_LENGTH } from "./limits.ts";
import type { Problems } from "./problem.ts";
import type { SourceFile } from "./source-file.ts";
import type { YamlNode } from "./yaml.ts";

/** Says why a text is no regular expression; undefined: it is one. */
export type PatternCheck = (pattern: string) => string | undefined;

type Path = readonly (string | number)[];

const child = (node: YamlNode | undefined, key: string): YamlNode | undefined =>
  node?.entries?.get(key)?.node;

/**
 * What can be said of routes only by looking at several keys at once. It reads the tree rather than the validated
 * value, so that a mistake elsewhere in the file doesn't hide these.
 */
export function checkRoutes(root: YamlNode, file: SourceFile, problems: Problems, check: PatternCheck): void {
  const seen = new Map<string, YamlNode>();
  for (const [index, route] of (nodeAt(root, ["egress", "routes"])?.items ?? []).entries()) {
    const path: Path = ["egress", "routes", index];
    checkHost(child(route, "host"), path, seen, file, problems);
    const ports = child(route, "ports")?.items ?? [];
    const plain = child(route, "auth") === undefined ? undefined : ports.find((port) => port.value === 80);
    if (plain !== undefined) {
      problems.add({
        file,
        start: plain.start,
        end: plain.end,
        message: `\`${show([...path, "ports"])}\` holds 80, which has no TLS, on a route with \`auth\``,
        mend: "remove 80: a credential goes out over TLS only",
      });
    }
    const opaque = child(route, "encoded_slash")?.value === "opaque";
    for (const [m, match] of (child(route, "matches")?.items ?? []).entries()) {
      checkMatch(match, [...path, "matches", m], opaque, file, problems, check);
    }
  }
}

function checkHost(
  host: YamlNode | undefined,
  path: Path,
  seen: Map<string, YamlNode>,
  file: SourceFile,
  problems: Problems,
): void {
  const read = typeof host?.value === "string" ? routeHost(host.value) : undefined;
  if (host === undefined || read === undefined || !("host" in read)) return;
  const first = seen.get(read.host);
  if (first === undefined) seen.set(read.host, host);
  else {
    problems.add({
      file,
      start: host.start,
      end: host.end,
      message: `\`${show([...path, "host"])}\`: ${read.host} has a route already, on line ${file.position(first.start).line}`,
      mend: "put both into one route; `matches` takes several entries",
    });
  }
  if (/^\*\.[^.]+$/.test(read.host)) {
    problems.warn(`${file.at(host.start)}: \`${read.host}\` allows every host below a top-level name`);
  }
}

function checkMatch(
  match: YamlNode,
  path: Path,
  opaque: boolean,
  file: SourceFile,
  problems: Problems,
  check: PatternCheck,
): void {
  for (const key of ["paths", "headers"]) {
    for (const [index, item] of (child(match, key)?.items ?? []).entries()) {
      const value = child(item, "value");
      if (typeof value?.value !== "string") continue;
      const place = { file, start: value.start, end: value.end };
      const name = show([...path, key, index, "value"]);
      if (child(item, "type")?.value === "regex") {
        const wrong = value.value.length > MAX_PATTERN_LENGTH ? undefined : check(value.value);
        if (wrong === undefined) continue;
        problems.add({
          ...place,
          message: `\`${name}\` is no regular expression: ${wrong}`,
          mend: "RE2 syntax; it has no look-around and no back-references",
        });
      } else if (key === "paths" && !opaque && /%2f/i.test(value.value)) {
        problems.add({
          ...place,
          message: `\`${name}\` holds an encoded slash, which this route blocks`,
          mend: "add `encoded_slash: opaque` to the route",
        });
      }
    }
  }
}

/** `${VAR}` is copied from the host only when it stands alone (SPEC §2): elsewhere it is likely a slip. */
export function warnOfLiterals(root: YamlNode, file: SourceFile, problems: Problems): void {
  for (const [name, { keyStart, node }] of child(root, "env")?.entries ?? []) {
    if (typeof node.value !== "string" || !/\$\{[A-Za-z_][A-Za-z0-9_]*\}/.test(node.value)) continue;
    if (/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(node.value)) continue;
    problems.warn(
      `${file.at(keyStart)}: \`${show(["env", name])}\` is taken literally: a host variable must stand alone`,
    );
  }
}
