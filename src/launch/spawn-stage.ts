import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { tool } from "../backends/linux/tools.ts";
import type { JournalDescriptors } from "../journal/open.ts";
import type { CodeLocation } from "./job.ts";

/** Starts root's staging child, which waits for its order. The journal's files are its descriptors 4 and 5. */
export function spawnStage(code: CodeLocation, journal: JournalDescriptors | undefined): ChildProcess {
  return spawn(
    tool("unshare"),
    ["--mount", "--propagation", "private", "--", code.nodePath, join(code.folder, "stage.js")],
    {
      // the child needs nothing of the environment
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      stdio: [
        "inherit",
        "inherit",
        "inherit",
        "ipc",
        ...(journal === undefined ? [] : [journal.lines, journal.head]),
      ],
      cwd: "/",
    },
  );
}
