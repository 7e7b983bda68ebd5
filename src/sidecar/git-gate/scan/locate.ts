import type { Change, ChangedPaths } from "./changed-paths.ts";
import type { GitFinding } from "./finding.ts";
import type { GitleaksIgnore } from "./gitleaks-ignore.ts";
import type { Scanned } from "./kept-findings.ts";
import type { CountsAt, Place } from "./rules.ts";

/** A finding, and where in the push it lies. */
export interface LocatedFinding extends GitFinding {
  /** undefined: no new commit brings it in */
  readonly commit: string | undefined;
  /** of several the oldest commit's; redacted, not printable; undefined: no path is known */
  readonly path: string | undefined;
}

export interface LocateParts {
  readonly changes: ChangedPaths;
  /** of the upstream's default branch */
  readonly ignore: GitleaksIgnore;
  /** whether a commit of the push leads to an object: its names are then among `changes` */
  inCommits(oid: string): boolean;
  redacted(text: string): string;
}

/**
 * Says where findings lie, and leaves out those that count at none of their places: that are for other paths, or that the
 * upstream's `.gitleaks.toml` or `.gitleaksignore` spares at each of them.
 */
export function locate(found: readonly Scanned[], parts: LocateParts): readonly LocatedFinding[] {
  const oids = new Set(found.flatMap(({ finding: { oid } }) => oid ?? []));
  const changes = parts.changes.bringing(oids);
  return found.flatMap((scanned) => located(scanned, changes, parts) ?? []);
}

function located(
  { finding, countsAt, place }: Scanned,
  changes: ReadonlyMap<string, readonly Change[]>,
  parts: LocateParts,
): LocatedFinding | undefined {
  const { oid, surface } = finding;
  if (place !== undefined) return atPlace(finding, place, countsAt, parts);
  if (oid === undefined) return { ...finding, commit: undefined, path: undefined };
  if (surface.startsWith("path name") && parts.inCommits(oid)) return undefined;
  const brought = changes.get(oid);
  if (brought !== undefined) {
    const last = brought.findLast(
      ({ commit, path }) => atPlace(finding, { commit, path: utf8(path) }, countsAt, parts) !== undefined,
    );
    if (last === undefined) return undefined;
    const path = utf8(last.path);
    return { ...finding, surface: surfaceAt(surface, last), commit: last.commit, path: parts.redacted(path) };
  }
  const commit = surface.startsWith("commit") || surface.startsWith("trailer") ? oid : undefined;
  const nowhere = surface === "blob" ? "blob that no new commit brings in" : surface;
  return atPlace({ ...finding, surface: nowhere }, { commit, path: undefined }, countsAt, parts);
}

/** Undefined: it doesn't count there. */
function atPlace(
  finding: GitFinding,
  place: Place,
  countsAt: CountsAt | undefined,
  { ignore, redacted }: LocateParts,
): LocatedFinding | undefined {
  const { detector, rule, line } = finding;
  if (countsAt?.(place) === false) return undefined;
  const ofRule = detector === "token_patterns" || detector === "gitleaks";
  if (ofRule && ignore.ignores({ ...place, rule, line })) return undefined;
  return {
    ...finding,
    commit: place.commit,
    path: place.path === undefined ? undefined : redacted(place.path),
  };
}

function surfaceAt(surface: string, { mode, path }: Change): string {
  if (!surface.startsWith("blob")) return surface;
  if (mode === "120000") return surface.replace("blob", "symlink target");
  return path === ".gitmodules" ? surface.replace("blob", "submodule") : surface;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
