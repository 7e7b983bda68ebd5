import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { family } from "../support/processes.ts";
import { STARTERS } from "../support/program.ts";
import {
  brief,
  type Outcomes,
  outcome,
  type Probed,
  probeBottle,
  probeOutside,
  WAYS,
} from "./probe-bottle.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
limits: {memory: 1G, pids: 256, open_files: 256}
`;

const PERMISSION = /^failed (EPERM|EACCES|ENOSYS)$/;
const CALLS = [
  "mount",
  "remount",
  "bind-mount",
  "umount",
  "pivot-root",
  "chroot",
  "setns-net",
  "setns-mnt",
  "unshare-net",
  "unshare-mount",
  "unshare-pid",
  "unshare-cgroup",
  "bpf",
  "add-key",
  "request-key",
  "keyctl",
  "io-uring",
  "userfaultfd",
  "perf-event",
  "kexec-load",
  "init-module",
  "delete-module",
  "reboot",
  "swapon",
  "acct",
  "kernel-log",
  "open-by-handle",
  "open-tree",
  "move-mount",
  "fsopen",
  "mount-setattr",
  "fanotify",
  "sethostname",
  "tiocsti",
  "tiocsti-high-bits",
  "tioclinux",
];
const WRITES = [
  "write-core-pattern",
  "write-modprobe",
  "write-ip-forward",
  "write-port-start",
  "write-userns-limit",
  "write-sysrq",
  "write-uid-map",
  "write-setgroups",
  "write-usr",
  "write-bin-sh",
  "write-etc",
  "write-etc-hosts",
  "write-resolv-conf",
  "write-ca-bundle",
  "write-root",
  "write-sys",
  "write-cgroup",
  "write-release-agent",
  "write-own-program",
  "write-through-symlink",
  "raise-oom-score",
  "cgroup-mkdir",
];
const READS = [
  "read-kcore",
  "read-kmsg",
  "read-mem",
  "read-disk",
  "read-vda",
  "read-shadow",
  "read-root-home",
];

const fact = (of: Outcomes, name: string) => {
  const one = outcome(of, name);
  return one.kind === "done" ? one.detail : "";
};

describe("in namespaces of its own, without a bottle", () => {
  it("the same calls are let through: the tests can fail", async () => {
    const seen = await probeOutside(undefined, "kernel.ts", [], ["unshare", "-Urmpf", "--mount-proc"]);
    for (const name of ["mount", "unshare-net", "unshare-user", "clone-user", "chroot", "fsopen"]) {
      expect([name, brief(outcome(seen, name))]).toEqual([name, "done"]);
    }
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  let probed: Probed;
  beforeAll(async () => {
    probed = await probeBottle({ starter, script: "kernel.ts", bottles: { dev: BOTTLE } });
  });
  afterAll(() => probed?.home.dispose());

  it("runs nothing of the agent's as root of the host, and in no group of the host's", () => {
    const agents = family(probed.bottle.pid).filter(({ command }) =>
      /^\S*node \/workspace\/kernel\.ts/.test(command),
    );
    expect(agents.length).toBe(1);
    const status = readFileSync(`/proc/${agents[0]?.pid}/status`, "utf8");
    const [, uids = ""] = /^Uid:\s+(.+)$/m.exec(status) ?? [];
    expect(uids.split("\t")).not.toContain("0");
    const [, gids = ""] = /^Gid:\s+(.+)$/m.exec(status) ?? [];
    expect(gids.split("\t")).not.toContain("0");
    expect(/^Groups:\s*(.*)$/m.exec(status)?.[1]?.split(" ")).not.toContain("0");
  });

  describe.each(WAYS)("attacked as %s", (way) => {
    it.each(CALLS)("is denied %s", (name) => expect(brief(outcome(probed[way], name))).toMatch(PERMISSION));

    it.each(["unshare-user", "unshare-user-net", "clone-user"])("gets no user namespace by %s", (name) => {
      expect(brief(outcome(probed[way], name))).toMatch(/^failed (EPERM|EACCES|ENOSYS|ENOSPC|EUSERS)$/);
    });

    it("is told that clone3 does not exist, so that libc falls back to what can be filtered", () => {
      expect(brief(outcome(probed[way], "clone3"))).toBe("failed ENOSYS");
    });

    it("makes no device node", () => expect(brief(outcome(probed[way], "mknod-device"))).toMatch(/^failed /));

    it.each(WRITES)("can't %s", (name) => {
      expect(brief(outcome(probed[way], name))).toMatch(
        /^failed (EPERM|EACCES|EROFS|ENOENT|ETXTBSY|EIO|EINVAL)$/,
      );
    });

    it.each(READS)("can't %s", (name) => {
      expect(brief(outcome(probed[way], name))).toMatch(/^failed (EPERM|EACCES|ENOENT|EIO)$/);
    });

    it.each(process.arch === "x64" ? ["abi-i386", "abi-int80", "abi-x32"] : [])(
      "makes no call by %s",
      (name) => {
        expect(brief(outcome(probed[way], name))).toMatch(/^failed (SIGSYS|SIGSEGV|ENOEXEC|ENOSYS|EACCES)$/);
      },
    );

    it("has no capability, can gain none, and runs under a filter", () => {
      const status = fact(probed[way], "status");
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
        expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
      }
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      expect(status).toMatch(/^Seccomp:\s+2$/m);
    });

    it("has the limits of its manifest, and no core dumps", () => {
      const limits = fact(probed[way], "limits");
      expect(limits).toMatch(/^Max core file size\s+0\s+0/m);
      expect(limits).toMatch(/^Max open files\s+256\s+256/m);
    });
  });

  it("gives exec exactly the restrictions of the agent", () => {
    const security = (of: Outcomes) =>
      fact(of, "status")
        .split("\n")
        .filter(
          (line) => /^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)/.test(line) && !/^Seccomp_filters/.test(line),
        );
    expect(security(probed.exec)).toEqual(security(probed.agent));
    expect(fact(probed.exec, "limits")).toBe(fact(probed.agent, "limits"));
    expect(fact(probed.exec, "mounts")).toBe(fact(probed.agent, "mounts"));
    expect(fact(probed.exec, "uid-map")).toBe(fact(probed.agent, "uid-map"));
  });
});
