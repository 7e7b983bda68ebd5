import { join } from "node:path";

/** What the backend needs to know of the program it is part of. */
export interface LinuxOptions {
  /** the node executable: absolute path, any place */
  readonly nodePath: string;
  /** folder that holds `enter.pl` and the binder, with everything the binder imports */
  readonly codeFolder: string;
  /** file name of the binder in `codeFolder`: `binder.js` in the shipped bundle */
  readonly binder?: string;
}

export interface EntryFiles {
  readonly node: string;
  readonly enter: string;
  readonly binder: string;
}

export function entryFiles(options: LinuxOptions): EntryFiles {
  return {
    node: options.nodePath,
    enter: join(options.codeFolder, "enter.pl"),
    binder: join(options.codeFolder, options.binder ?? "binder.js"),
  };
}
