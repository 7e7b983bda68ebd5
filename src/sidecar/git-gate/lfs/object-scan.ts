import { GitleaksScan } from "../gitleaks/scan.ts";
import type { GitPrograms } from "../programs.ts";
import { type PushInspector, settingsOf } from "../push/inspector.ts";
import type { Repo } from "../repo.ts";
import type { GitFinding } from "../scan/finding.ts";
import type { Scanned } from "../scan/kept-findings.ts";
import { PushScanner } from "../scan/push-scanner.ts";
import type { LfsObject } from "./objects.ts";

/** What looks through one object as it comes. */
export interface ObjectScan {
  write(bytes: Buffer): Promise<void>;
  /** Nothing follows. What was found; throws when it wasn't all looked through. */
  finish(): Promise<readonly GitFinding[]>;
  /** Safe to call twice, and after `finish`. */
  stop(): void;
}

export interface LfsScans {
  /** begins to look through an object */
  readonly scan: (object: LfsObject) => Promise<ObjectScan>;
  /** what is found in a text that goes to the upstream as it is */
  readonly scanText: (surface: string, text: string) => Promise<readonly GitFinding[]>;
}

const SURFACE = "LFS object";
/** An object lies in no commit and at no path that is known when it comes. */
const NOWHERE = { commit: undefined, path: undefined };

/** Looks through a repository's LFS objects as its pushes are: the same rules, the same scanners. */
export function lfsScans(repo: Repo, inspector: PushInspector, programs: GitPrograms): LfsScans {
  const scannerOf = async () => {
    const rules = await inspector.rulesOf(repo);
    return { rules, scanner: new PushScanner(rules.detectors, settingsOf(repo), rules.scan) };
  };
  return {
    async scan({ oid, size }) {
      const { rules, scanner } = await scannerOf();
      const gitleaks = repo.plan.scan.gitleaks
        ? await GitleaksScan.start(programs, rules.upstream.rules)
        : undefined;
      await gitleaks?.begin({ surface: SURFACE, oid });
      scanner.begin(oid, "blob", size);
      return {
        async write(bytes) {
          scanner.data(bytes);
          await gitleaks?.write(bytes);
        },
        async finish() {
          scanner.end();
          const theirs = (await gitleaks?.finish()) ?? [];
          const found: readonly Scanned[] = [
            ...scanner.found,
            ...theirs.map((finding) => ({ finding, countsAt: rules.scan.countsAt(finding) })),
          ];
          return counting(found).map((finding) => ({ ...finding, surface: SURFACE }));
        },
        stop: () => gitleaks?.stop(),
      };
    },
    async scanText(surface, text) {
      const { scanner } = await scannerOf();
      scanner.scanName(surface, text);
      return counting(scanner.found);
    },
  };
}

function counting(found: readonly Scanned[]): readonly GitFinding[] {
  return found.flatMap(({ finding, countsAt }) => ((countsAt?.(NOWHERE) ?? true) ? [finding] : []));
}
