// Ways out through the kernel: privileged calls, files of /proc and /sys, foreign ABIs, limits. Calls are given
// arguments that fail even where they would be permitted, with another errno, so that a hole does no harm.
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { failed, type Outcome, type Probes, perl, runProbes, way } from "./lib.ts";

/** [x86_64, arm64] */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  unshare: [272, 97],
  clone: [56, 220],
  clone3: [435, 435],
  bpf: [321, 280],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  io_uring_setup: [425, 425],
  userfaultfd: [323, 282],
  perf_event_open: [298, 241],
  kexec_load: [246, 104],
  init_module: [175, 105],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  acct: [163, 89],
  syslog: [103, 116],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  mount_setattr: [442, 442],
  fanotify_init: [300, 262],
  sethostname: [170, 161],
  ioctl: [16, 29],
};

function nr(name: string): number {
  return NUMBERS[name]?.[process.arch === "arm64" ? 1 : 0] ?? -1;
}

const call = (name: string, more: string, setup = ""): Outcome =>
  perl(`syscall(${nr(name)}, ${more}) != -1`, `our ($a, $b, $c) = ("tmpfs", "/tmp", "x" x 128); ${setup}`);

const CLONE = {
  newns: 0x20000,
  newuser: 0x10000000,
  newpid: 0x20000000,
  newnet: 0x40000000,
  newcgroup: 0x2000000,
};

const calls: Probes = {
  mount: () => call("mount", "$a, $b, $a, 0, 0"),
  remount: () => call("mount", "$a, $b, $a, 32, 0", '$b = "/usr"'),
  "bind-mount": () => call("mount", "$c, $b, $a, 4096, 0", '$c = "/proc"'),
  umount: () => call("umount2", "$b, 2", '$b = "/proc"'),
  "pivot-root": () => call("pivot_root", "$b, $b"),
  chroot: () => call("chroot", "$b"),
  "setns-net": () =>
    call("setns", "fileno($f), 0", 'open(our $f, "<", "/proc/1/ns/net") or do { print "EACCES"; exit }'),
  "setns-mnt": () =>
    call("setns", "fileno($f), 0", 'open(our $f, "<", "/proc/1/ns/mnt") or do { print "EACCES"; exit }'),
  "unshare-user": () => call("unshare", `${CLONE.newuser}`),
  "unshare-user-net": () => call("unshare", `${CLONE.newuser | CLONE.newnet}`),
  "unshare-net": () => call("unshare", `${CLONE.newnet}`),
  "unshare-mount": () => call("unshare", `${CLONE.newns}`),
  "unshare-pid": () => call("unshare", `${CLONE.newpid}`),
  "unshare-cgroup": () => call("unshare", `${CLONE.newcgroup}`),
  "clone-user": () =>
    perl(
      `do { my $p = syscall(${nr("clone")}, ${CLONE.newuser} | 17, 0, 0, 0, 0); if ($p == 0) { exit } $p > 0 }`,
    ),
  clone3: () => call("clone3", "$c, 8"),
  bpf: () => call("bpf", "0, $c, 8"),
  "add-key": () => call("add_key", "$a, $b, $c, 1, -3", '$a = "user"'),
  "request-key": () => call("request_key", "$a, $b, $c, 0", '$a = "user"'),
  keyctl: () => call("keyctl", "0, -3, 1"),
  "io-uring": () => call("io_uring_setup", "1, $c", "$c = chr(0) x 256"),
  userfaultfd: () => call("userfaultfd", "1"),
  "perf-event": () => call("perf_event_open", "$c, 0, -1, -1, 0", '$c = pack("L L", 1, 112) . chr(0) x 120'),
  "kexec-load": () => call("kexec_load", "0, 0, 0, 255"),
  "init-module": () => call("init_module", "$c, 8, $b"),
  "delete-module": () => call("delete_module", "$a, 0", '$a = "no_such_module"'),
  reboot: () => call("reboot", "1, 2, 3, 0"),
  swapon: () => call("swapon", "$b, 0"),
  acct: () => call("acct", "$b", '$b = "/no/such/file"'),
  "kernel-log": () => call("syslog", "3, $c, 64"),
  "open-by-handle": () => call("open_by_handle_at", "-1, $c, 0", '$c = pack("L l", 8, 1) . "x" x 8'),
  "open-tree": () => call("open_tree", "-100, $b, 1"),
  "move-mount": () => call("move_mount", "-100, $b, -100, $b, 0"),
  fsopen: () => call("fsopen", "$a, 0"),
  "mount-setattr": () => call("mount_setattr", "-100, $b, 0, $c, 32", "$c = chr(0) x 32"),
  fanotify: () => call("fanotify_init", "0, 0"),
  sethostname: () => call("sethostname", "$a, 1000"),
  "mknod-device": () => perl('system("mknod", "/tmp/device", "c", "1", "3") == 0'),
  tiocsti: () => perl("syscall($n, fileno($f), 0x5412, $c) != -1", tty()),
  "tiocsti-high-bits": () => perl("syscall($n, fileno($f), 0x5412 | (1 << 32), $c) != -1", tty()),
  tioclinux: () => perl("syscall($n, fileno($f), 0x541c, $c) != -1", tty()),
};

/** A pseudo-terminal of the probe's own as its controlling terminal: there TIOCSTI works when nothing filters it. */
function tty(): string {
  return `use POSIX (); our $n = ${nr("ioctl")}; our $c = "x"; fork() and do { wait; exit }; POSIX::setsid();
    open(our $m, "+<", "/dev/ptmx") or die "ptmx $!"; my $u = pack("i", 0); ioctl($m, 0x40045431, $u);
    my $g = pack("i", 0); ioctl($m, 0x80045430, $g); open(our $f, "+<", "/dev/pts/" . unpack("i", $g)) or die "pts $!";
    ioctl($f, 0x540e, 0);`;
}

function writes(path: string, text = "x"): Outcome {
  try {
    appendFileSync(path, text);
    return { kind: "done", detail: path };
  } catch (error) {
    return failed(error);
  }
}

function reads(path: string): Outcome {
  try {
    const file = readFileSync(openSync(path, "r"));
    return { kind: "done", detail: `${path}: ${file.length} bytes` };
  } catch (error) {
    return failed(error);
  }
}

const WRITES = {
  "write-core-pattern": "/proc/sys/kernel/core_pattern",
  "write-modprobe": "/proc/sys/kernel/modprobe",
  "write-ip-forward": "/proc/sys/net/ipv4/ip_forward",
  "write-port-start": "/proc/sys/net/ipv4/ip_unprivileged_port_start",
  "write-userns-limit": "/proc/sys/user/max_user_namespaces",
  "write-sysrq": "/proc/sysrq-trigger",
  "write-uid-map": "/proc/self/uid_map",
  "write-setgroups": "/proc/self/setgroups",
  "write-usr": "/usr/planted",
  "write-bin-sh": "/usr/bin/env",
  "write-etc": "/etc/planted",
  "write-etc-hosts": "/etc/hosts",
  "write-resolv-conf": "/etc/resolv.conf",
  "write-ca-bundle": "/etc/ssl/certs/ca-certificates.crt",
  "write-root": "/planted",
  "write-sys": "/sys/kernel/uevent_helper",
  "write-cgroup": "/sys/fs/cgroup/cgroup.procs",
  "write-release-agent": "/sys/fs/cgroup/memory/release_agent",
} as const;

const READS = {
  "read-kcore": "/proc/kcore",
  "read-kmsg": "/dev/kmsg",
  "read-mem": "/dev/mem",
  "read-disk": "/dev/sda",
  "read-vda": "/dev/vda",
  "read-shadow": "/etc/shadow",
  "read-root-home": "/root/.bashrc",
} as const;

const files: Probes = {
  ...Object.fromEntries(Object.entries(WRITES).map(([name, path]) => [name, () => writes(path)])),
  ...Object.fromEntries(Object.entries(READS).map(([name, path]) => [name, () => reads(path)])),
  "write-own-program": () => writes(process.execPath),
  "write-through-symlink": () => {
    rmSync("/workspace/link", { force: true });
    symlinkSync("/usr/planted-by-link", "/workspace/link");
    return writes("/workspace/link");
  },
  "raise-oom-score": () => writes("/proc/self/oom_score_adj", "-1000"),
  "cgroup-mkdir": () => {
    try {
      mkdirSync("/sys/fs/cgroup/planted");
      return { kind: "done", detail: "made a cgroup" };
    } catch (error) {
      return failed(error);
    }
  },
};

// mov eax, 1; mov ebx, 42; int 0x80: exit(42) by the i386 system call table
const EXIT_42 = Buffer.from("b801000000bb2a000000cd80", "hex");

/** The smallest executable of each class (System V ABI, ELF header and one program header). */
function elf(bits: 32 | 64): Buffer {
  const wide = bits === 64;
  const head = Buffer.alloc(wide ? 120 : 84);
  const base = 0x08048000;
  head.write("\x7fELF", 0, "latin1");
  head.set([wide ? 2 : 1, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(wide ? 62 : 3, 18);
  head.writeUInt32LE(1, 20);
  const size = head.length + EXIT_42.length;
  if (wide) {
    head.writeUInt32LE(base + head.length, 24);
    head.writeUInt32LE(64, 32);
    head.writeUInt16LE(64, 52);
    head.writeUInt16LE(56, 54);
    head.writeUInt16LE(1, 56);
    for (const [at, value] of [
      [64, 1],
      [68, 5],
      [80, base],
      [88, base],
      [96, size],
      [104, size],
      [112, 4096],
    ] as const) {
      head.writeUInt32LE(value, at);
    }
  } else {
    head.writeUInt32LE(base + head.length, 24);
    head.writeUInt32LE(52, 28);
    head.writeUInt16LE(52, 40);
    head.writeUInt16LE(32, 42);
    head.writeUInt16LE(1, 44);
    for (const [at, value] of [
      [52, 1],
      [60, base],
      [64, base],
      [68, size],
      [72, size],
      [76, 5],
      [80, 4096],
    ] as const) {
      head.writeUInt32LE(value, at);
    }
  }
  return Buffer.concat([head, EXIT_42]);
}

function foreign(bits: 32 | 64): Outcome {
  const folder = way === "outside" ? "/tmp" : "/workspace";
  const path = `${folder}/abi-${bits}-${process.pid}`;
  writeFileSync(path, elf(bits));
  chmodSync(path, 0o755);
  const run = spawnSync(path);
  rmSync(path);
  // execvp hands what the kernel does not know to a shell, which does not know it either
  if (run.status === 127) return { kind: "failed", code: "ENOEXEC" };
  if (run.status === 42) return { kind: "done", detail: "the call was made" };
  return {
    kind: "failed",
    code: run.signal ?? (run.error === undefined ? String(run.status) : failedCode(run.error)),
  };
}

function failedCode(error: Error): string {
  return String(Reflect.get(error, "code"));
}

/** `x32`: system call numbers with bit 30 set. */
const abis: Probes =
  process.arch === "x64"
    ? {
        "abi-i386": () => foreign(32),
        "abi-int80": () => foreign(64),
        "abi-x32": () => perl("syscall(0x40000000 + 39) > 0"),
      }
    : {};

const facts: Probes = {
  status: () => ({ kind: "done", detail: readFileSync("/proc/self/status", "utf8") }),
  limits: () => ({ kind: "done", detail: readFileSync("/proc/self/limits", "utf8") }),
  mounts: () => ({ kind: "done", detail: readFileSync("/proc/self/mountinfo", "utf8") }),
  "uid-map": () => ({ kind: "done", detail: readFileSync("/proc/self/uid_map", "utf8") }),
};

/** What is safe to try where nothing stops it, in throw-away namespaces. */
const CONTROLS = [
  "mount",
  "unshare-net",
  "unshare-user",
  "clone-user",
  "chroot",
  "fsopen",
  "tiocsti",
  "abi-i386",
  "abi-int80",
];
const all: Probes = { ...calls, ...abis, ...files, ...facts };
await runProbes(
  way === "outside"
    ? Object.fromEntries(Object.entries(all).filter(([name]) => CONTROLS.includes(name)))
    : all,
);
