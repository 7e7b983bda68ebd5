import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { MAX_SHEBANG } from "./limits.ts";

/** What the kernel would do with a file: run it, hand it to an interpreter, or refuse it. */
export type Executable =
  | { readonly kind: "native" }
  | { readonly kind: "script"; readonly interpreter: string }
  | { readonly kind: "other" };

const ELF = "\u007fELF";

/** Reads the beginning of `file` only. `interpreter` is a path, or the bare name `env` is told to look for. */
export function executableKind(file: string): Executable {
  const head = readHead(file);
  if (head.startsWith(ELF)) return { kind: "native" };
  if (!head.startsWith("#!")) return { kind: "other" };
  const words = (head.slice(2).split("\n", 1)[0] ?? "").trim().split(/\s+/);
  const [program = "", ...args] = words;
  if (!/(^|\/)env$/.test(program))
    return program === "" ? { kind: "other" } : { kind: "script", interpreter: program };
  // env [-S] [NAME=VALUE…] PROGRAM
  const interpreter = args.find((word) => !word.startsWith("-") && !word.includes("="));
  return interpreter === undefined ? { kind: "other" } : { kind: "script", interpreter };
}

/** A regular file (after symlinks) that this user may execute. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function readHead(file: string): string {
  // a FIFO in the program's place must not block the open
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(MAX_SHEBANG);
    const length = readSync(fd, buffer, 0, MAX_SHEBANG, 0);
    return buffer.toString("latin1", 0, length);
  } finally {
    closeSync(fd);
  }
}
