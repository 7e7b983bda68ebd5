import { Fault } from "../../base/fault.ts";
import type { Backend } from "../backend.ts";
import { checkMachine } from "./check.ts";
import { confinedSidecar } from "./confine-sidecar.ts";
import { confinedTool } from "./confine-tool.ts";
import { entryFiles, type LinuxOptions } from "./entry-files.ts";
import { execInside } from "./exec.ts";
import { type Holder, startHolder } from "./netns.ts";
import { openPlace } from "./place.ts";
import { reapBottle } from "./reap.ts";

/** Bottles as namespaces of this machine's kernel, closed without privileges: DESIGN §5. */
export function createLinuxBackend(options: LinuxOptions): Backend {
  const files = entryFiles(options);
  return {
    name: "linux",
    check: () => checkMachine(files.enter),
    startSidecar: (spec) => confinedSidecar(files, spec),
    begin: () => {
      const holder = startUnprivileged(files.enter);
      return { open: (spec) => openPlace(spec, files, holder), close: holder.close };
    },
    open: async (spec) => openPlace(spec, files, startUnprivileged(files.enter)),
    exec: (record, spec) => execInside(files, record, spec),
    startTool: (spec) => confinedTool(files, spec),
    reap: reapBottle,
  };
}

/** DESIGN §5: a bottle whose uid maps to the host's root could write /proc/sys/kernel/core_pattern. */
function startUnprivileged(enter: string): Holder {
  if (process.getuid?.() === 0) {
    throw new Fault("a bottle is never made while this process is uid 0", {
      mend: "run it as an ordinary user; started by root, the launcher gives its privileges up first",
    });
  }
  return startHolder(enter);
}
