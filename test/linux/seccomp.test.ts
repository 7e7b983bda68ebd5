import { describe, expect, it } from "vitest";
import { agentFilter } from "../../src/backends/linux/seccomp/agent-policy.ts";
import { encode } from "../../src/backends/linux/seccomp/bpf.ts";
import { sidecarFilter } from "../../src/backends/linux/seccomp/sidecar-policy.ts";
import { type Architecture, SYSCALLS } from "../../src/backends/linux/seccomp/syscalls.ts";
import { type Answer, runFilter } from "./bpf-machine.ts";

const ARCH = { x86_64: 0xc000003e, aarch64: 0xc00000b7 } as const;
const I386 = 0x40000003;
const ARM = 0x40000028;

const ALLOW = { action: "allow", errno: 0 };
const KILL = { action: "kill", errno: 0 };
const EPERM = { action: "errno", errno: 1 };
const ENOSYS = { action: "errno", errno: 38 };
const EPROTONOSUPPORT = { action: "errno", errno: 93 };
const EAFNOSUPPORT = { action: "errno", errno: 97 };

function asks(architecture: Architecture, program: Buffer) {
  return (name: string, ...args: readonly (number | bigint)[]): Answer => {
    const number = SYSCALLS[architecture].get(name);
    if (number === undefined) throw new Error(`${architecture} has no ${name}`);
    return runFilter(program, { arch: ARCH[architecture], number, args });
  };
}

describe.each(["x86_64", "aarch64"] as const)("the agent's filter on %s", (architecture) => {
  const program = encode(agentFilter(architecture, { nested: false }));
  const ask = asks(architecture, program);

  it("is small enough for the kernel and ends on every call there is", () => {
    expect(program.length / 8).toBeLessThan(4096);
    for (let number = 0; number < 1000; number++) runFilter(program, { arch: ARCH[architecture], number });
  });

  it.each([
    "read",
    "openat",
    "execve",
    "futex",
    "mmap",
    "ptrace",
    "process_vm_readv",
    "memfd_create",
    "seccomp",
    "statx",
  ])("allows %s", (name) => {
    expect(ask(name)).toEqual(ALLOW);
  });

  it.each([
    ...[
      "bpf",
      "add_key",
      "request_key",
      "keyctl",
      "userfaultfd",
      "perf_event_open",
      "open_by_handle_at",
      "kexec_load",
    ],
    ...[
      "io_uring_setup",
      "io_uring_enter",
      "io_uring_register",
      "mount",
      "umount2",
      "pivot_root",
      "chroot",
      "setns",
    ],
    ...[
      "unshare",
      "move_mount",
      "open_tree",
      "fsopen",
      "fsconfig",
      "fsmount",
      "fspick",
      "mount_setattr",
      "swapon",
    ],
    ...[
      "init_module",
      "finit_module",
      "delete_module",
      "reboot",
      "sethostname",
      "acct",
      "quotactl",
      "syslog",
    ],
    ...["settimeofday", "clock_settime", "vhangup", "lookup_dcookie", "pidfd_getfd", "kcmp", "fanotify_init"],
  ])("refuses %s", (name) => {
    expect(ask(name)).toEqual(EPERM);
  });

  it("says that clone3 does not exist, for its flags are out of sight", () => {
    expect(ask("clone3")).toEqual(ENOSYS);
  });

  it("says that a call newer than its table does not exist", () => {
    const highest = Math.max(...SYSCALLS[architecture].values());
    expect(runFilter(program, { arch: ARCH[architecture], number: highest })).toEqual(EPERM);
    for (const number of [highest + 1, 1000, 0x3fffffff]) {
      expect(runFilter(program, { arch: ARCH[architecture], number })).toEqual(ENOSYS);
    }
  });

  it("ends a process that calls in another architecture's numbers", () => {
    for (const arch of [I386, ARM, 0, ARCH[architecture === "x86_64" ? "aarch64" : "x86_64"]]) {
      for (const number of [0, 20, 200]) expect(runFilter(program, { arch, number })).toEqual(KILL);
    }
  });

  it("refuses a clone with any namespace flag, and no other", () => {
    const flags = {
      mount: 0x20000,
      cgroup: 0x2000000,
      uts: 0x4000000,
      ipc: 0x8000000,
      user: 0x10000000,
      pid: 0x20000000,
      net: 0x40000000,
    };
    for (const flag of Object.values(flags)) expect(ask("clone", flag | 17)).toEqual(EPERM);
    expect(ask("clone", 0x01200011)).toEqual(ALLOW);
    expect(ask("clone", 0x003d0f00)).toEqual(ALLOW);
  });

  it("allows sockets of the unix and internet families and of the routing protocol, and no other", () => {
    for (const family of [1, 2, 10]) expect(ask("socket", family, 1, 0)).toEqual(ALLOW);
    expect(ask("socket", 16, 3, 0)).toEqual(ALLOW);
    for (const protocol of [2, 4, 9, 12, 15, 16])
      expect(ask("socket", 16, 3, protocol)).toEqual(EAFNOSUPPORT);
    for (const family of [0, 3, 4, 9, 17, 21, 29, 30, 31, 38, 40, 42, 44]) {
      expect(ask("socket", family, 1, 0)).toEqual(EAFNOSUPPORT);
    }
  });

  it("compares what the kernel takes as an int as 32 bits", () => {
    const above = 1n << 32n;
    expect(ask("ioctl", 0, 0x5412)).toEqual(EPERM);
    expect(ask("ioctl", 0, above | 0x5412n)).toEqual(EPERM);
    expect(ask("ioctl", 0, above | 0x541cn)).toEqual(EPERM);
    expect(ask("ioctl", 0, 0x5413)).toEqual(ALLOW);
    expect(ask("socket", above | 40n, 1, 0)).toEqual(EAFNOSUPPORT);
    expect(ask("clone", above | 0x10000000n)).toEqual(EPERM);
  });

  it("allows the personalities of Docker's policy, and no other", () => {
    for (const persona of [0, 8, 0x20000, 0x20008, 0xffffffff])
      expect(ask("personality", persona)).toEqual(ALLOW);
    for (const persona of [0x40000, 0x400000, 0x100000, 1])
      expect(ask("personality", persona)).toEqual(EPERM);
  });

  it("lets no socket of the internet name a protocol whose module the kernel would load", () => {
    const CLOEXEC = 0o2000000;
    for (const protocol of [0, 6, 262]) expect(ask("socket", 2, 1 | CLOEXEC, protocol)).toEqual(ALLOW);
    for (const protocol of [0, 1, 17, 58]) expect(ask("socket", 10, 2, protocol)).toEqual(ALLOW);
    for (const protocol of [33, 115, 132, 136]) {
      for (const type of [1, 2]) expect(ask("socket", 2, type, protocol)).toEqual(EPROTONOSUPPORT);
    }
    // RAW, RDM, SEQPACKET, DCCP, PACKET
    for (const type of [3, 4, 5, 6, 10]) expect(ask("socket", 10, type | CLOEXEC, 0)).toEqual(EPERM);
  });

  it("makes pairs of unix sockets only", () => {
    expect(ask("socketpair", 1, 1, 0)).toEqual(ALLOW);
    for (const family of [2, 16, 21, 30, 38, 40])
      expect(ask("socketpair", family, 1, 0)).toEqual(EAFNOSUPPORT);
  });

  it("makes fifos, sockets and files, and no device, whiteouts included", () => {
    for (const type of [0, 0o100000, 0o010000, 0o140000])
      expect(ask("mknodat", 3, 0, type | 0o644, 0)).toEqual(ALLOW);
    for (const type of [0o020000, 0o060000]) expect(ask("mknodat", 3, 0, type | 0o644, 0)).toEqual(EPERM);
  });

  it("allows the namespace calls, and nothing else besides, where sandboxes are nested", () => {
    const nested = asks(architecture, encode(agentFilter(architecture, { nested: true })));
    for (const name of ["unshare", "setns", "mount", "umount2", "pivot_root"])
      expect(nested(name)).toEqual(ALLOW);
    expect(nested("clone", 0x10000000)).toEqual(ALLOW);
    for (const name of ["bpf", "keyctl", "io_uring_setup", "open_by_handle_at"])
      expect(nested(name)).toEqual(EPERM);
    expect(nested("ioctl", 0, 0x5412)).toEqual(EPERM);
  });
});

describe("the agent's filter on x86_64", () => {
  const program = encode(agentFilter("x86_64", { nested: false }));

  it("ends a process that makes an x32 call, and lets a tracer skip one", () => {
    for (const number of [0x40000000, 0x40000027, 0x7fffffff, 0x80000000, 0xfffffffe]) {
      expect(runFilter(program, { arch: ARCH.x86_64, number })).toEqual(KILL);
    }
    expect(runFilter(program, { arch: ARCH.x86_64, number: -1 })).toEqual(ENOSYS);
  });
});

describe.each(["x86_64", "aarch64"] as const)("the sidecar's filter on %s", (architecture) => {
  const ask = asks(architecture, encode(sidecarFilter(architecture)));

  it("lets it dial the internet and no socket of the host", () => {
    expect(ask("socket", 2, 1, 0)).toEqual(ALLOW);
    expect(ask("socket", 10, 2, 0)).toEqual(ALLOW);
    expect(ask("socket", 16, 3, 0)).toEqual(ALLOW);
    for (const family of [1, 17, 38, 40]) expect(ask("socket", family, 1, 0)).toEqual(EAFNOSUPPORT);
    expect(ask("socketpair", 1, 1, 0)).toEqual(ALLOW);
  });

  it("lets it start threads and no process", () => {
    expect(ask("clone", 0x003d0f00)).toEqual(ALLOW);
    expect(ask("clone", 0x01200011)).toEqual(EPERM);
    expect(ask("clone3")).toEqual(ENOSYS);
    if (architecture === "x86_64") for (const name of ["fork", "vfork"]) expect(ask(name)).toEqual(EPERM);
  });

  it.each([
    "ptrace",
    "process_vm_readv",
    "shmget",
    "msgget",
    "io_setup",
    "symlinkat",
    "mknodat",
    "unshare",
    "bpf",
  ])("refuses %s", (name) => {
    expect(ask(name)).toEqual(EPERM);
  });
});

describe("the tables", () => {
  it("give no number to two names", () => {
    for (const table of Object.values(SYSCALLS)) expect(new Set(table.values()).size).toBe(table.size);
  });

  it("agree on every call since the numbers are common", () => {
    for (const [name, number] of SYSCALLS.x86_64) {
      if (number >= 424) expect(SYSCALLS.aarch64.get(name)).toBe(number);
    }
  });
});
