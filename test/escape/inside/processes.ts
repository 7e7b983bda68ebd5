// Processes: seeing, signalling and tracing what is outside, and using up the machine.
import { spawnSync } from "node:child_process";
import { existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { args, failed, type Outcome, perl, runProbes, way } from "./lib.ts";

/** Processes of the host: the launcher and whoever started it. */
const [outside = ""] = args;
const pids = outside.split(",").filter((pid) => pid !== "");

const NR =
  process.arch === "arm64"
    ? { ptrace: 117, vm_readv: 270, pidfd: 434 }
    : { ptrace: 101, vm_readv: 310, pidfd: 434 };

const none = (hits: readonly string[]): Outcome =>
  hits.length === 0 ? { kind: "failed", code: "NONE" } : { kind: "done", detail: hits.join() };

const onEach = (condition: (pid: string) => string) =>
  none(pids.filter((pid) => perl(condition(pid)).kind === "done"));

/** Commands of everything in /proc that is not ours. */
function visible(): Outcome {
  const commands = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
      } catch {
        return "";
      }
    });
  return { kind: "done", detail: commands.join("\n") };
}

function fill(folder: string): Outcome {
  const file = openSync(`${folder}/filler-${way}`, "w");
  const block = Buffer.alloc(4 * 1024 * 1024, 1);
  try {
    for (let blocks = 0; blocks < 200; blocks += 1) writeSync(file, block);
    return { kind: "done", detail: "800 MiB written" };
  } catch (error) {
    return failed(error);
  } finally {
    spawnSync("rm", ["-f", `${folder}/filler-${way}`]);
  }
}

await runProbes({
  visible,
  "signal-outside": () => onEach((pid) => `kill(0, ${pid})`),
  "kill-outside": () => onEach((pid) => `kill("CONT", ${pid})`),
  "ptrace-outside": () => onEach((pid) => `syscall(${NR.ptrace}, 16, ${pid}, 0, 0) == 0`),
  "read-outside": () =>
    onEach(
      (pid) =>
        `do { my $room = "x" x 8; my $vector = pack("P L!", $room, 8); syscall(${NR.vm_readv}, ${pid}, $vector, 1, $vector, 1, 0) >= 0 }`,
    ),
  "pidfd-outside": () => onEach((pid) => `syscall(${NR.pidfd}, ${pid}, 0) >= 0`),
  "proc-outside": () => none(pids.filter((pid) => existsSync(`/proc/${pid}/environ`))),
  "root-of-init": () => {
    const names = readdirSync("/proc/1/root");
    return names.includes("root") || names.includes("boot")
      ? { kind: "done", detail: names.join() }
      : { kind: "failed", code: "NONE" };
  },
  "foreign-descriptors": () => {
    const own = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        const link = readlinkSync(`/proc/self/fd/${fd}`);
        // the three standard ones lead to the launcher, as they must
        return Number(fd) > 2 || !link.startsWith("socket:") ? [`${fd} ${link}`] : [];
      } catch {
        return [];
      }
    });
    return none(
      own.filter((link) => /journal|\.jsonl|\.head|bot-bottle|\/state\/|control|socket:/.test(link)),
    );
  },
  "fill-tmp": () => fill("/tmp"),
  "fill-shm": () => fill("/dev/shm"),
  "fill-run": () => fill("/run"),
  "many-files": () =>
    perl(
      "$n >= 2000",
      'our $n = 0; our @f; while ($n < 2000) { open(my $f, "<", "/dev/null") or last; push @f, $f; $n++ } $SAVED = $!; @f = ();',
    ),
  "fork-bomb": () =>
    perl(
      "$n >= 400",
      "our $n = 0; our @kids; while ($n < 400) { my $p = fork(); last unless defined $p; if (!$p) { sleep 30; exit } push @kids, $p; $n++ } kill 'KILL', @kids; waitpid($_, 0) for @kids;",
    ),
  "much-memory": () => {
    const run = spawnSync("perl", ["-e", 'my $x = "a" x (900 * 1024 * 1024); print "yes"'], {
      encoding: "utf8",
    });
    return run.stdout === "yes"
      ? { kind: "done", detail: "900 MiB held" }
      : { kind: "failed", code: run.signal ?? `EXIT_${run.status}` };
  },
});
