import { describe, expect, it } from "vitest";
import { SYSCALLS } from "../../src/backends/linux/seccomp/syscalls.ts";
import { bottle } from "./bottle.ts";

const table = SYSCALLS[process.arch === "arm64" ? "aarch64" : "x86_64"];

function number(name: string): number {
  const found = table.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** Perl that makes each call with zeros and prints its errno. */
function attempt(names: readonly string[]): string {
  const calls = names.map((name) => `[${number(name)}, "${name}"]`).join(", ");
  return `perl -e '
    for my $call (${calls}) {
      my $result = syscall($call->[0], 0, 0, 0, 0, 0);
      print "$call->[1] ", $result == -1 ? $! + 0 : "made", "\\n";
    }'`;
}

const REFUSED = [
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
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "move_mount",
    "open_tree",
  ],
  ...["fsopen", "fsmount", "fspick", "init_module", "swapon", "quotactl", "syslog"],
];

/** A program that makes the 32-bit getpid call (int 0x80) and exits with 0: a complete ELF file, 64-bit. */
function thirtyTwoBitCall(): string {
  const code = [0xb8, 0x14, 0, 0, 0, 0xcd, 0x80, 0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05];
  const file = Buffer.alloc(120 + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(0x400078n, 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(0x400000n, 80);
  file.writeBigUInt64LE(0x400000n, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, 120);
  return file.toString("base64");
}

describe("the kernel, asked inside", () => {
  it("refuses the same calls to the agent and to what exec starts", async () => {
    const script = attempt([...REFUSED, "clone3"]);
    const { agent, execs } = await bottle({
      agent: { script: `${script}; exec sleep 60` },
      execs: [{ script }],
    });
    const expected = `${REFUSED.map((name) => `${name} 1`).join("\n")}\nclone3 38\n`;
    expect(execs[0]?.out).toBe(expected);
    expect(agent.out).toBe(expected);
  });

  it("refuses to push bytes into a terminal's input", async () => {
    const script = `perl -e 'for (0x5412, 0x541c) { my $b = "x"; print ioctl(STDIN, $_, $b) ? "pushed" : $! + 0, "\\n" }'`;
    const { agent } = await bottle({ agent: { script, terminal: true } });
    expect(agent.out).toBe("1\r\n1\r\n");
  });

  it("ends a program that makes a 32-bit or an x32 call", async ({ skip }) => {
    skip(process.arch !== "x64", "they are calls of x64");
    const { agent } = await bottle({
      agent: {
        script: `/home/agent/legacy; echo $?; perl -e 'syscall(0x40000000 + ${number("getpid")}); print "made"'; echo $?`,
      },
      programs: { legacy: thirtyTwoBitCall() },
    });
    const [legacy, x32] = agent.out.match(/^[0-9]+$/gm) ?? [];
    // A kernel built without the 32-bit calls ends it itself, with SIGSEGV.
    expect(["159", "139"]).toContain(legacy);
    expect(x32).toBe("159");
  });
});
