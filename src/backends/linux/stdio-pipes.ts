import { execFile } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { tool } from "./tools.ts";

/** Three pipes of the kernel's: the program's ends, and ours as streams. */
export interface StdioPipes {
  /** stdin, stdout, stderr for the child; closed with `closeChildEnds` once it has them */
  readonly child: readonly [number, number, number];
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  closeChildEnds(): void;
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

/**
 * Makes them as FIFOs in `folder`, without a name by the time this resolves. node's own "pipes" are sockets, and a
 * socket can't be opened again: `echo x > /dev/stderr` fails with ENXIO on one.
 */
export async function openStdioPipes(folder: string): Promise<StdioPipes> {
  const names = mkdtempSync(join(folder, "stdio-"));
  const paths = ["stdin", "stdout", "stderr"].map((name) => join(names, name));
  const [input = "", output = "", errors = ""] = paths;
  const open: number[] = [];
  const take = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    open.push(fd);
    return fd;
  };
  try {
    await promisify(execFile)(tool("mkfifo"), ["-m", "600", ...paths]);
    // One end after the other: neither `open` may wait, and the child's ends may not be non-blocking.
    const both = take(input, O_RDWR | O_NONBLOCK);
    const child = [take(input, O_RDONLY), 0, 0] as [number, number, number];
    const stdin = take(input, O_WRONLY | O_NONBLOCK);
    closeSync(both);
    open.shift();
    const stdout = take(output, O_RDONLY | O_NONBLOCK);
    child[1] = take(output, O_WRONLY);
    const stderr = take(errors, O_RDONLY | O_NONBLOCK);
    child[2] = take(errors, O_WRONLY);
    return {
      child,
      stdin: new Socket({ fd: stdin, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr, readable: true, writable: false }),
      closeChildEnds: () => {
        for (const fd of child) closeSync(fd);
      },
    };
  } catch (error) {
    for (const fd of open) closeSync(fd);
    throw error;
  } finally {
    rmSync(names, { recursive: true, force: true });
  }
}
