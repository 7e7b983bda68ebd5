import type { KnownSecret } from "../../../dlp/known/secret.ts";
import { Detectors, type ScanSettings } from "../../../dlp/scanner.ts";
import { isZero } from "../../../policy/git/check-updates.ts";
import { heldPaths } from "../../../policy/git/held-paths.ts";
import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import { GitleaksScan } from "../gitleaks/scan.ts";
import { MAX_STATE_BYTES } from "../limits.ts";
import type { Refs } from "../mirror/mirror.ts";
import type { GitProcess, GitPrograms, ObjectFormat } from "../programs.ts";
import type { Repo } from "../repo.ts";
import { collect } from "../run.ts";
import { ChangedPaths } from "../scan/changed-paths.ts";
import { GitleaksIgnore } from "../scan/gitleaks-ignore.ts";
import type { Scanned } from "../scan/kept-findings.ts";
import { type LocatedFinding, locate } from "../scan/locate.ts";
import { ObjectReader } from "../scan/object-reader.ts";
import { PushScanner } from "../scan/push-scanner.ts";
import { ScanRules } from "../scan/rules.ts";
import { feed } from "../upstream/feed.ts";
import type { PushRequest } from "../wire/push-request.ts";
import { ObjectGraph } from "./graph.ts";
import { movedPaths } from "./moved-paths.ts";
import { PushObjects } from "./push-objects.ts";
import { checkTips } from "./tips.ts";
import { readUpstreamRules, type UpstreamRules } from "./upstream-rules.ts";

/** All that is known of a push when all of it was read. */
export interface Inspected {
  readonly findings: readonly LocatedFinding[];
  /** paths whose change is the operator's to allow, each with a commit that changes it */
  readonly heldPaths: readonly { readonly path: string; readonly commit: string }[];
  /** what was looked through and is reached from the new ids, each with a path */
  readonly objects: ReadonlyMap<string, string>;
  /** commits that the upstream has */
  readonly edges: ReadonlySet<string>;
  readonly graph: ObjectGraph;
  readonly format: ObjectFormat;
  /** of refs that move: whether forward */
  readonly fastForward: (update: RefUpdate) => boolean;
  /** objects that were looked through */
  readonly objectCount: number;
}

/** The rules of one repository's pushes, ready to use. */
export interface Rules {
  readonly scan: ScanRules;
  readonly detectors: Detectors;
  readonly ignore: GitleaksIgnore;
  readonly upstream: UpstreamRules;
}

/** Looks through pushes: every object of a quarantine, the names of its refs, its options. */
export class PushInspector {
  readonly #programs: GitPrograms;
  readonly #secrets: readonly KnownSecret[];
  /** text of the bottle's own rule file */
  readonly #own: string | undefined;
  /** by repository, of its upstream's default branch as it was last seen */
  readonly #rules = new Map<string, { readonly head: string; readonly rules: Promise<Rules> }>();

  constructor(programs: GitPrograms, secrets: readonly KnownSecret[], own: string | undefined) {
    this.#programs = programs;
    this.#secrets = secrets;
    this.#own = own;
  }

  /** Of a push that only deletes: its names. */
  async names(repo: Repo, request: PushRequest, refs: Refs): Promise<Inspected> {
    const rules = await this.#rulesOf(repo, refs);
    const scanner = new PushScanner(rules.detectors, settingsOf(repo), rules.scan);
    scanNames(scanner, request);
    const graph = new ObjectGraph();
    const changes = new ChangedPaths();
    return {
      findings: locate(scanner.found, locateParts(scanner, changes, rules, new Map())),
      heldPaths: [],
      objects: new Map(),
      edges: new Set(),
      graph,
      format: refs.format,
      fastForward: () => false,
      objectCount: 0,
    };
  }

  /** Of a push whose objects are in its quarantine. Throws when any of it could not be read: nothing is known then. */
  async inspect(
    repo: Repo,
    push: string,
    request: PushRequest,
    refs: Refs,
    gone: AbortSignal,
  ): Promise<Inspected> {
    const name = repo.plan.name;
    const git = await this.#programs.start({ op: "inspect", repo: name, push });
    let gitleaks: GitleaksScan | undefined;
    const stop = () => {
      git.kill();
      gitleaks?.stop();
    };
    gone.addEventListener("abort", stop);
    try {
      const rules = await this.#rulesOf(repo, refs);
      if (repo.plan.scan.gitleaks) gitleaks = await GitleaksScan.start(this.#programs, rules.upstream.rules);
      const scanner = new PushScanner(rules.detectors, settingsOf(repo), rules.scan);
      scanNames(scanner, request);
      const graph = new ObjectGraph();
      const objects = new PushObjects(scanner, graph, gitleaks);
      const tips = request.updates.flatMap((update) => (isZero(update.new) ? [] : [update.new]));
      void feed(linesOf(tips), git.stdin);
      const reading = [readObjects(git, objects), readChanges(git)] as const;
      // What is of no use to one of them ends for the other.
      for (const one of reading) one.catch(() => git.kill());
      const [read, changed] = await Promise.allSettled(reading);
      // git says of a tip that is nowhere only that it can't read it: the better answer comes first
      await checkTips(request.updates, graph, repo.mirror);
      if (read.status === "rejected") throw read.reason;
      if (changed.status === "rejected") throw changed.reason;
      const changes = changed.value;
      scanner.scanPaths(changes);
      const found: Scanned[] = [...scanner.found];
      for (const finding of (await gitleaks?.finish()) ?? [])
        found.push({ finding, countsAt: rules.scan.countsAt(finding) });
      const { objects: reached, edges } = graph.reachable(tips);
      const commitIds = [...reached.keys()].filter((id) => graph.typeOf(id) === "commit");
      // without trees that only a tag leads to: their names are in no changed path
      const inCommits = graph.reachable(commitIds).objects;
      const located = locate(found, locateParts(scanner, changes, rules, inCommits));
      const commits = new Map<string, string>();
      // git lists the newest commit first: the oldest that changes it stays
      for (const { path, commit } of changes.all()) commits.set(path, commit);
      const head = refs.head === undefined ? undefined : refs.refs.get(refs.head);
      const moved = await movedPaths(this.#programs, { repo: name, push }, request.updates, graph, head);
      for (const [path, id] of moved) if (!commits.has(path)) commits.set(path, id);
      const held = heldPaths(repo.plan.push.hold, commits.keys());
      return {
        findings: await this.#unknownUpstream(repo, located),
        heldPaths: held.map((path) => ({
          path: scanner.redacted(Buffer.from(path, "latin1").toString("utf8")),
          commit: commits.get(path) ?? "",
        })),
        objects: reached,
        edges,
        graph,
        format: refs.format,
        fastForward: await movesForward(this.#programs, name, push, request.updates, graph),
        objectCount: objects.count,
      };
    } finally {
      gone.removeEventListener("abort", stop);
      stop();
    }
  }

  /** An object that the upstream has says nothing new: a pack may bring one along as the base of a delta. */
  async #unknownUpstream(
    repo: Repo,
    findings: readonly LocatedFinding[],
  ): Promise<readonly LocatedFinding[]> {
    const ids = [...new Set(findings.flatMap(({ oid }) => oid ?? []))];
    const known = await repo.mirror.types(ids);
    return findings.filter(({ oid }) => oid === undefined || !known.has(oid));
  }

  #rulesOf(repo: Repo, { refs, head }: Refs): Promise<Rules> {
    const { name } = repo.plan;
    const at = (head === undefined ? undefined : refs.get(head)) ?? "";
    const kept = this.#rules.get(name);
    if (kept?.head === at) return kept.rules;
    const rules = this.#readRules(name, at !== "", kept?.rules);
    this.#rules.set(name, { head: at, rules });
    rules.catch(() => this.#rules.delete(name));
    return rules;
  }

  /** What a repository's pushes are looked through with, and whatever else goes to its upstream. */
  async rulesOf(repo: Repo): Promise<Rules> {
    return await this.#rulesOf(repo, repo.mirror.last ?? (await repo.mirror.refresh()));
  }

  /** Takes out of a text what would be found in it, by the rules as they were last read. */
  async redactor(repo: Repo): Promise<(text: string) => string> {
    const refs = repo.mirror.last;
    const read = refs === undefined ? undefined : await this.#rulesOf(repo, refs).catch(() => undefined);
    const { detectors, scan } = read ?? this.#rulesWith(NO_RULES);
    const scanner = new PushScanner(detectors, settingsOf(repo), scan);
    return (text) => scanner.redacted(text);
  }

  /** `last`: those of before; making them anew takes longer than reading. */
  async #readRules(repo: string, hasHead: boolean, last: Promise<Rules> | undefined): Promise<Rules> {
    const upstream = hasHead ? await readUpstreamRules(this.#programs, repo) : NO_RULES;
    const before = await last?.catch(() => undefined);
    const same = before?.upstream.rules === upstream.rules && before?.upstream.ignore === upstream.ignore;
    return same && before ? before : this.#rulesWith(upstream);
  }

  #rulesWith(upstream: UpstreamRules): Rules {
    const scan = ScanRules.read(this.#own, upstream.rules);
    const detectors = new Detectors(this.#secrets, scan.patterns);
    return { scan, detectors, ignore: new GitleaksIgnore(upstream.ignore), upstream };
  }
}

const NO_RULES: UpstreamRules = { rules: undefined, ignore: undefined };

/** What the sidecar knows is looked for in any case. */
export function settingsOf({ plan }: Pick<Repo, "plan">): ScanSettings {
  return { known: true, patterns: plan.scan.tokenPatterns, allow: new Set() };
}

function scanNames(scanner: PushScanner, { updates, options }: PushRequest): void {
  for (const { ref } of updates) scanner.scanName("ref name", ref);
  for (const option of options) scanner.scanName("push option", option);
}

function locateParts(
  scanner: PushScanner,
  changes: ChangedPaths,
  { ignore }: Rules,
  inCommits: ReadonlyMap<string, string>,
): Parameters<typeof locate>[1] {
  return {
    changes,
    ignore,
    inCommits: (oid) => !scanner.hasEmptyFolders && inCommits.has(oid),
    redacted: (text) => scanner.redacted(text),
  };
}

async function readObjects(git: GitProcess, objects: PushObjects): Promise<void> {
  const reader = new ObjectReader(objects);
  for await (const bytes of git.stdout as AsyncIterable<Buffer>) {
    reader.write(bytes);
    await objects.settle();
    if (reader.ended) return;
  }
  throw await brokenOff(git);
}

async function readChanges(git: GitProcess): Promise<ChangedPaths> {
  if (git.socket === undefined) throw new Error("the changed paths have no way out");
  const changes = new ChangedPaths();
  for await (const bytes of git.socket as AsyncIterable<Buffer>) {
    changes.write(bytes);
    if (changes.ended) return changes;
  }
  throw await brokenOff(git);
}

async function brokenOff({ exited }: GitProcess): Promise<Error> {
  const { stderr } = await exited;
  return new Error(`the push could not be read: ${stderr}`);
}

async function* linesOf(ids: readonly string[]): AsyncGenerator<Buffer> {
  yield Buffer.from(ids.map((id) => `${id}\n`).join(""));
}

/** Whether each ref that moves does so forward: asked of git only where commits of the push alone don't tell. */
async function movesForward(
  programs: GitPrograms,
  repo: string,
  push: string,
  updates: readonly RefUpdate[],
  graph: ObjectGraph,
): Promise<(update: RefUpdate) => boolean> {
  const moving = updates.filter((update) => !isZero(update.old) && !isZero(update.new));
  const backward = new Set<string>();
  for (const { old, new: id, ref } of moving) {
    if (graph.reaches(id, old)) continue;
    const job = { op: "push-ancestor", repo, push } as const;
    const { code, text } = await collect(programs, job, `${old} ${id}\n`, MAX_STATE_BYTES);
    if (code !== 0 || text !== "") backward.add(ref);
  }
  return ({ ref }) => !backward.has(ref);
}
