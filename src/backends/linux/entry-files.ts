import { join } from "node:path";

/** What the backend needs to know of the program it is part of. */
export interface LinuxOptions {
  /** the node executable: absolute path, any place */
  readonly nodePath: string;
  /** folder that holds `enter.pl` */
  readonly codeFolder: string;
}

export interface EntryFiles {
  readonly node: string;
  readonly enter: string;
}

export function entryFiles(options: LinuxOptions): EntryFiles {
  return { node: options.nodePath, enter: join(options.codeFolder, "enter.pl") };
}
