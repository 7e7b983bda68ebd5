import { readdirSync, readFileSync } from "node:fs";

/** A process that can't be mistaken for a later one with the same number. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** field 22 of /proc/PID/stat: clock ticks since boot */
  readonly started: string;
  readonly command: string;
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // a zombie runs nothing any more
    if (fields[0] === "Z") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(fields[1]), started: fields[19] ?? "", command };
  } catch {
    return undefined;
  }
}

function all(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** `pid` and everything under it now. */
export function family(pid: number): Process[] {
  const everyone = all();
  const members = everyone.filter((one) => one.pid === pid);
  for (let index = 0; index < members.length; index += 1) {
    const parent = members[index];
    members.push(...everyone.filter((one) => one.parent === parent?.pid));
  }
  return members;
}

/** The youngest under `pid` whose command line matches, waited for. Throws with all there are when it does not come. */
export async function begun(pid: number, pattern: RegExp, seconds = 60): Promise<Process> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const members = family(pid);
    const found = members.filter(({ command }) => pattern.test(command)).at(-1);
    if (found !== undefined) return found;
    if (Date.now() > deadline)
      throw new Error(
        `no ${pattern} among:\n${members.map(({ command }) => command.slice(0, 120)).join("\n")}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function alive(processes: readonly Process[]): Process[] {
  return processes.filter((one) => readProcess(one.pid)?.started === one.started);
}

/** Those of `processes` still there after at most `seconds`; empty as soon as all are gone. */
export async function survivors(processes: readonly Process[], seconds = 60): Promise<Process[]> {
  const deadline = Date.now() + seconds * 1000;
  let left = alive(processes);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = alive(left);
  }
  return left;
}
