import { Fault } from "../../base/fault.ts";
import type { Architecture } from "./seccomp/syscalls.ts";

/** This machine's architecture as the kernel names it; throws a Fault where there is no seccomp table for it. */
export function architecture(): Architecture {
  if (process.arch === "x64") return "x86_64";
  if (process.arch === "arm64") return "aarch64";
  throw new Fault(`the linux backend does not know the system calls of ${process.arch}`, {
    mend: "use a machine with an x86-64 or arm64 processor, or another --backend",
  });
}
