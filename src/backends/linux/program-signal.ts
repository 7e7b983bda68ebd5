import { allStats, type ProcessStat, signal } from "./proc.ts";

/** The program that `parent` waits for: bwrap's first process and `enter.pl` each have one child they started. */
export function program(parent: number, all: readonly ProcessStat[] = allStats()): ProcessStat | undefined {
  return all
    .filter((stat) => stat.parent === parent)
    .sort((a, b) => Number(a.started) - Number(b.started))[0];
}

/** Sends a signal to that program and to the other processes of its session: as a terminal would, but without one. */
export function signalProgram(parent: number, name: NodeJS.Signals): void {
  const all = allStats();
  const found = program(parent, all);
  if (found === undefined) return;
  for (const { pid, session } of all) {
    if (session === found.session && pid !== parent) signal(pid, name);
  }
}
