import type { Backend } from "../backends/backend.ts";
import type { JournalDescriptors } from "../journal/open.ts";
import type { CodeLocation } from "./job.ts";
import { SidecarLink } from "./sidecar-link.ts";

/** The descriptors under which the sidecar has the journal's two files. */
export const SIDECAR_JOURNAL: JournalDescriptors = { lines: 4, head: 5 };

/** Starts a bottle's sidecar, which waits to be told its plan. */
export function startSidecar(
  backend: Backend,
  spec: {
    readonly id: string;
    readonly scratch: string;
    readonly code: CodeLocation;
    readonly journal: JournalDescriptors;
  },
): SidecarLink {
  const { id, scratch, code, journal } = spec;
  return new SidecarLink(
    backend.startSidecar({
      id,
      scratch,
      entry: "sidecar.js",
      codeFolder: code.folder,
      descriptors: [
        { fd: journal.lines, as: SIDECAR_JOURNAL.lines },
        { fd: journal.head, as: SIDECAR_JOURNAL.head },
      ],
    }),
  );
}
