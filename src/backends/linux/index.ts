import type { Backend } from "../backend.ts";
import { checkMachine } from "./check.ts";
import { confinedSidecar } from "./confine-sidecar.ts";
import { entryFiles, type LinuxOptions } from "./entry-files.ts";
import { execInside } from "./exec.ts";
import { openPlace } from "./place.ts";
import { reapBottle } from "./reap.ts";

/** Bottles as namespaces of this machine's kernel, closed without privileges: DESIGN §5. */
export function createLinuxBackend(options: LinuxOptions): Backend {
  const files = entryFiles(options);
  return {
    name: "linux",
    check: () => checkMachine(files.enter),
    startSidecar: (spec) => confinedSidecar(files, spec),
    open: (spec) => openPlace(files, spec),
    exec: (record, spec) => execInside(files, record, spec),
    reap: reapBottle,
  };
}
