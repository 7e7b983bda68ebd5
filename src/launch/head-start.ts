import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, rmSync, statSync } from "node:fs";
import type { Beginning } from "../backends/backend.ts";
import { type JournalDescriptors, openJournal } from "../journal/open.ts";
import { codeLocation, linuxBackend } from "./code-location.ts";
import { type HomePaths, journalPaths, statePaths } from "./paths.ts";
import type { SidecarLink } from "./sidecar-link.ts";
import { spawnStage } from "./spawn-stage.ts";
import { startSidecar } from "./start-sidecar.ts";

/** A sidecar and a network that know nothing yet. */
export interface Begun {
  readonly sidecar: SidecarLink;
  readonly network: Beginning;
}

/**
 * What every bottle needs and no plan changes: the journal's files, the sidecar's process and the empty network, or, as
 * root, the staging child. It can be started before the manifests are read, so that its processes boot meanwhile; a
 * launch that comes to nothing closes it again.
 */
export class HeadStart {
  readonly journal: JournalDescriptors;
  /** an ordinary user's */
  readonly begun: Begun | undefined;
  /** root's */
  readonly stage: ChildProcess | undefined;
  readonly #home: HomePaths;
  readonly #id: string;
  #closed = false;

  /** The home is prepared. Throws `Fault` when something can't be started; nothing is left then. */
  constructor(home: HomePaths, id: string) {
    this.#home = home;
    this.#id = id;
    this.journal = openJournal(journalPaths(home, id));
    try {
      const code = codeLocation();
      if (process.getuid?.() === 0) this.stage = spawnStage(code, this.journal);
      else {
        const backend = linuxBackend(code);
        const sidecar = startSidecar(backend, {
          id,
          scratch: statePaths(home, id).scratch,
          code,
          journal: this.journal,
        });
        this.begun = { sidecar, network: backend.begin() };
      }
    } catch (error) {
      this.#closeJournal();
      throw error;
    }
  }

  /** Ends what still runs of it and closes the journal; safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.stage?.kill("SIGKILL");
    await Promise.all([this.begun?.sidecar.stop(), this.begun?.network.close()]);
    this.#closeJournal();
  }

  #closeJournal(): void {
    closeSync(this.journal.lines);
    closeSync(this.journal.head);
    removeEmptyJournal(this.#home, this.#id);
  }
}

/** A journal without a line says nothing: a launch that came to nothing leaves none. */
export function removeEmptyJournal(home: HomePaths, id: string): void {
  const { lines, head } = journalPaths(home, id);
  if (!existsSync(lines) || statSync(lines).size > 0) return;
  rmSync(lines, { force: true });
  rmSync(head, { force: true });
}
