import { execFile } from "node:child_process";
import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { tool } from "./tools.ts";

/** Holds a program back, its sandbox complete, until what it needs outside is there too. */
export interface Gate {
  open(): void;
  /** safe to call twice */
  close(): void;
}

/** Makes the FIFO at `path`. The launcher holds both of its ends, so that the line can be written before anyone reads. */
export async function makeGate(path: string): Promise<Gate> {
  rmSync(path, { force: true });
  await promisify(execFile)(tool("mkfifo"), ["-m", "600", path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  let closed = false;
  return {
    open: () => void writeSync(fd, "\n"),
    close: () => {
      if (!closed) closeSync(fd);
      closed = true;
    },
  };
}
