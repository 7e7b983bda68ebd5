import type { GitJob, GitProcess, GitPrograms } from "./programs.ts";

/** Programs that were started before their input is there: a sandbox takes longer to make than git to work in it. */
export class PreparedPrograms implements GitPrograms {
  readonly #programs: GitPrograms;
  readonly #prepared = new Map<string, Promise<GitProcess>>();

  constructor(programs: GitPrograms) {
    this.#programs = programs;
  }

  /** One that was prepared, if there is; else a new one. */
  start(job: GitJob): Promise<GitProcess> {
    const key = JSON.stringify(job);
    const prepared = this.#prepared.get(key);
    if (prepared === undefined) return this.#programs.start(job);
    this.#prepared.delete(key);
    return prepared;
  }

  /**
   * Starts jobs that will likely be wanted within `ms` milliseconds, in this order. What isn't started by then ends;
   * `unused` is called if that is all of them.
   */
  prepare(jobs: readonly GitJob[], ms: number, unused: () => void = () => {}): void {
    const entries = jobs.map((job): [string, Promise<GitProcess>] => {
      const started = this.#programs.start(job);
      // Whoever takes it hears of it.
      started.catch(() => {});
      return [JSON.stringify(job), started];
    });
    for (const [key, started] of entries) {
      this.#end(key);
      this.#prepared.set(key, started);
    }
    const timer = setTimeout(() => {
      const left = entries.filter(([key, started]) => this.#prepared.get(key) === started);
      for (const [key] of left) this.#end(key);
      if (left.length === entries.length) unused();
    }, ms);
    timer.unref();
  }

  #end(key: string): void {
    const prepared = this.#prepared.get(key);
    this.#prepared.delete(key);
    prepared?.then(
      ({ kill }) => kill(),
      () => {},
    );
  }
}
