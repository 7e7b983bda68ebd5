import { printable } from "../../../base/printable.ts";
import { coveredBy, type Finding } from "../../../dlp/finding.ts";
import type { Detectors, ScanSettings } from "../../../dlp/scanner.ts";
import type { ChangedPaths } from "./changed-paths.ts";
import { KeptFindings, type Scanned } from "./kept-findings.ts";
import { type Layout, layoutMessage, type Part, treeNames } from "./layout.ts";
import { JOINED_FOLDERS, SEEN_COUNT, WHOLE_BYTES } from "./limits.ts";
import { LongObject, lineFeeds } from "./long-object.ts";
import { nearText, withLabels } from "./near-text.ts";
import type { ObjectSink, ObjectType } from "./object-reader.ts";
import type { ScanRules } from "./rules.ts";

/** git-lfs's specification of a pointer file. */
const LFS_POINTER = Buffer.from("version https://git-lfs.github.com/spec/v1\n");
const LFS_POINTER_BYTES = 1024;
const NAME_CHARS = 40;
/**
 * A file that can't be looked into (7z, xz, an encrypted zip), or one in an archive, is the operator's to let pass. What
 * has that look in base64 or hex is most often chance, or a test's.
 */
const FILE_FORMATS: ReadonlySet<string> = new Set(["raw", "gzip", "zip", "zlib", "zstd"]);

/** latin1 */
interface AddedPath {
  readonly path: string;
  readonly commit: string;
}

/** Where in a text a finding is. */
interface Surface {
  readonly surface: string;
  readonly line: number | undefined;
}

/** Scans every object of a push as it comes, and its names. */
export class PushScanner implements ObjectSink {
  readonly #detectors: Detectors;
  readonly #settings: ScanSettings;
  readonly #rules: ScanRules;
  readonly #kept = new KeptFindings();
  #oid = "";
  #type: ObjectType = "blob";
  #parts: Buffer[] = [];
  #long: LongObject | undefined;
  #hasEmptyFolders = false;
  /** names of files, and people, that hold nothing */
  #seen = new Set<string>();

  /** `detectors`: with the patterns of `rules`. */
  constructor(detectors: Detectors, settings: ScanSettings, rules: ScanRules) {
    this.#detectors = detectors;
    this.#settings = settings;
    this.#rules = rules;
  }

  /** Whether there are names that no changed path has. */
  get hasEmptyFolders(): boolean {
    return this.#hasEmptyFolders;
  }

  /** What was found so far; `locate` says where it lies and which of it counts. */
  get found(): readonly Scanned[] {
    return this.#kept.all;
  }

  begin(oid: string, type: ObjectType, size: number): void {
    this.#oid = oid;
    this.#type = type;
    this.#parts = [];
    if (size > WHOLE_BYTES) this.#long = this.#newLong(type, oid);
  }

  data(bytes: Buffer): void {
    if (this.#long) this.#long.write(bytes);
    else this.#parts.push(bytes);
  }

  end(): void {
    if (this.#long) {
      this.#long.end();
      this.#long = undefined;
      return;
    }
    const [first] = this.#parts;
    const content = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    if (this.#type === "blob") this.#blob(content);
    else if (this.#type === "tree") this.#tree(content);
    else this.#message(layoutMessage(this.#type, content), this.#type);
  }

  /** A ref's name, an option of the push, … */
  scanName(surface: string, text: string): void {
    this.#scan(Buffer.from(text, "utf8"), undefined, () => ({ surface, line: undefined }));
  }

  /**
   * The paths that a push's commits add, whole: what is spread over the names of folders is found in none of them. Once,
   * when all are known.
   */
  scanPaths(changes: ChangedPaths): void {
    let lines: string[] = [];
    let places: AddedPath[] = [];
    let length = 0;
    const scan = () => {
      const text = Buffer.from(lines.join("\n"), "latin1");
      const told = new Set<string>();
      for (const finding of this.#detectors.scanText(text, this.#settings)) {
        const place = places[lineFeeds(text.subarray(0, finding.start))];
        // most is found in several readings of a path
        const what = `${finding.detector} ${finding.name} ${place?.path}`;
        if (place && !told.has(what)) this.#addPath(finding, text, place);
        told.add(what);
      }
      lines = [];
      places = [];
      length = 0;
    };
    for (const place of changes.added()) {
      for (const rule of this.#rules.ofFileName(utf8(place.path))) this.#addFileName(rule, place);
      for (const line of readings(place.path)) {
        lines.push(line);
        places.push(place);
        length += line.length;
      }
      if (length > WHOLE_BYTES / 16) scan();
    }
    scan();
  }

  /** A text with everything taken out that is found in it; a name, a path, an address. */
  redacted(text: string): string {
    const bytes = Buffer.from(text, "utf8");
    const findings = this.#detectors.scanText(bytes, this.#settings);
    const [first] = findings;
    if (first === undefined) return this.#redactedJoined(text);
    const labelled = Buffer.from(withLabels(bytes.toString("latin1"), coveredBy(findings)), "latin1");
    const clean = findings.every(({ replaceable }) => replaceable) && this.#isClean(labelled);
    return clean ? labelled.toString("utf8") : `[${first.name}]`;
  }

  /** The same for what is only found in a path without its slashes. */
  #redactedJoined(text: string): string {
    if (!text.includes("/")) return text;
    const joined = Buffer.from(readings(text).join("\n"), "utf8");
    const [first] = this.#detectors.scanText(joined, this.#settings);
    return first === undefined ? text : `[${first.name}]`;
  }

  #blob(content: Buffer): void {
    const isPointer =
      content.length <= LFS_POINTER_BYTES && content.subarray(0, LFS_POINTER.length).equals(LFS_POINTER);
    const surface = isPointer ? "LFS pointer" : "blob";
    this.#scan(content, this.#oid, ({ start }) => ({
      surface,
      line: lineFeeds(content.subarray(0, start)) + 1,
    }));
  }

  /** Names that were in another tree are passed over: a large folder is a tree anew with each commit. */
  #tree(content: Buffer): void {
    const tree = treeNames(content, this.#oid.length / 2);
    if (tree === undefined) {
      this.#scan(content, this.#oid, () => ({ surface: "tree", line: undefined }));
      return;
    }
    this.#hasEmptyFolders ||= tree.hasEmptyFolder;
    const fresh = tree.names.filter((name) => !this.#seen.has(name));
    if (fresh.length === 0) return;
    const text = Buffer.from(fresh.join("\n"), "latin1");
    const clean = this.#scan(text, this.#oid, () => ({ surface: "path name", line: undefined }));
    if (clean) this.#remember(fresh);
  }

  #message(layout: Layout, type: ObjectType): void {
    const clean = this.#scan(layout.text, this.#oid, (finding) => this.#partOf(layout, finding));
    if (!clean || layout.joined === "" || this.#seen.has(layout.joined)) return;
    const surface = type === "commit" ? "commit author and committer, put together" : "tagger, put together";
    if (this.#scan(Buffer.from(layout.joined, "latin1"), this.#oid, () => ({ surface, line: undefined })))
      this.#remember([layout.joined]);
  }

  #remember(texts: readonly string[]): void {
    if (this.#seen.size > SEEN_COUNT) this.#seen = new Set();
    for (const text of texts) this.#seen.add(text);
  }

  #partOf({ text, parts, lines }: Layout, { start }: Finding): Surface {
    const part = parts.findLast((candidate) => candidate.start <= start);
    const line =
      lines === undefined || start < lines ? undefined : lineFeeds(text.subarray(lines, start)) + 1;
    return { surface: part === undefined ? "" : this.#surfaceOf(part, start), line };
  }

  #surfaceOf({ kind, name, value }: Part, start: number): string {
    if (name === undefined || (kind !== "trailer" && !kind.endsWith("header"))) return kind;
    if (start < (value ?? 0)) return `${kind} name`;
    return `${kind} ${printable(this.redacted(name), NAME_CHARS)}`;
  }

  #newLong(type: ObjectType, oid: string): LongObject {
    const scanner = (found: (finding: Finding) => void) => this.#detectors.scanner(this.#settings, found);
    return new LongObject(scanner, (text, findings, linesBefore) => {
      for (const finding of findings) {
        const line =
          type === "blob" ? linesBefore + lineFeeds(text.subarray(0, finding.start)) + 1 : undefined;
        this.#add(finding, text, findings, oid, { surface: type, line });
      }
    });
  }

  /** True: nothing was found. */
  #scan(text: Buffer, oid: string | undefined, surfaceOf: (finding: Finding) => Surface): boolean {
    const findings = this.#detectors.scanText(text, this.#settings);
    for (const finding of findings) this.#add(finding, text, findings, oid, surfaceOf(finding));
    return findings.length === 0;
  }

  #add(
    found: Finding,
    text: Buffer,
    findings: readonly Finding[],
    oid: string | undefined,
    { surface, line }: Surface,
  ): void {
    if (
      found.detector === "unreadable" &&
      !found.encoding.split(" > ").every((each) => FILE_FORMATS.has(each))
    )
      return;
    const near = nearText(text, found, findings, (shown) => this.#isClean(shown));
    const { snippet, allowComment } = near;
    const secret = found.encoding === "raw" ? text.toString("latin1", found.start, found.end) : undefined;
    const finding = { ...found, rule: printable(found.name, 120), surface, oid, line, snippet, allowComment };
    this.#kept.add({
      finding: withoutRange(finding),
      countsAt: this.#rules.countsAt(finding, secret === undefined ? undefined : { secret, line: near.line }),
    });
  }

  #addPath(found: Finding, text: Buffer, place: AddedPath): void {
    const { snippet } = nearText(text, found, [found], (shown) => this.#isClean(shown));
    const rule = printable(found.name, 120);
    const finding = {
      ...found,
      rule,
      surface: "path name",
      oid: undefined,
      line: undefined,
      snippet,
      allowComment: false,
    };
    const at = { commit: place.commit, path: utf8(place.path) };
    const counts = this.#rules.countsAt(finding)?.(at) ?? true;
    if (counts) this.#kept.add({ finding: withoutRange(finding), place: at });
  }

  #addFileName(rule: string, place: AddedPath): void {
    const what = { detector: "token_patterns", rule, surface: "path name", encoding: "raw", snippet: "" };
    const finding = { ...what, oid: undefined, line: undefined, allowComment: false };
    this.#kept.add({ finding, place: { commit: place.commit, path: utf8(place.path) } });
  }

  #isClean(text: Buffer): boolean {
    return this.#detectors.scanText(text, this.#settings).length === 0;
  }
}

/** A path as it is, and from each of its first folders on without the slashes. */
function readings(path: string): readonly string[] {
  const names = path.replaceAll("\n", " ").split("/");
  const joined = names.slice(0, JOINED_FOLDERS).flatMap((_, at) => {
    const rest = names.slice(at);
    return rest.length > 1 ? [rest.join("")] : [];
  });
  return [names.join("/"), ...joined];
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

/** What is told of a finding; its place in the text it was found in is of no use to others. */
function withoutRange<T extends Finding>({ start: _s, end: _e, replaceable: _r, name: _n, ...rest }: T) {
  return rest;
}
