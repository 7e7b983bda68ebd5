import type { SendHandle } from "node:child_process";
import { createLinuxBackend } from "../../src/backends/linux/index.ts";
import { closeHandle } from "../../src/backends/linux/raw-handle.ts";
import { writeScratch } from "../../src/backends/linux/scratch.ts";
import type { GitHost } from "../../src/launch/git/job.ts";
import { HostPrograms } from "../../src/launch/git/programs.ts";
import type { FromSidecar } from "../../src/sidecar/protocol.ts";

/** The launcher's part of the gate in a process of its own, as an ordinary user: `node host-process.ts CODE_FOLDER`. */
export interface HostOrder {
  readonly type: "order";
  readonly host: GitHost;
  readonly scratch: string;
  readonly owner: { readonly uid: number; readonly gid: number };
}

const [codeFolder = ""] = process.argv.slice(2);
let programs: HostPrograms | undefined;
process.on("message", (message: HostOrder | FromSidecar) => {
  if (message.type === "order") {
    if (process.getuid?.() === 0) {
      process.setgroups?.([]);
      process.setgid?.(message.owner.gid);
      process.setuid?.(message.owner.uid);
    }
    writeScratch(message.scratch, false);
    const backend = createLinuxBackend({ nodePath: process.execPath, codeFolder });
    programs = new HostPrograms(backend, message.host, message.scratch, (told, handle) => {
      process.send?.(told, handle as SendHandle | undefined, () => closeHandle(handle));
    });
    process.send?.({ type: "ready" });
  } else if (message.type === "git_start") programs?.start(message.id, message.job);
  else if (message.type === "git_kill") programs?.kill(message.id);
});
process.on("disconnect", () => process.exit(0));
